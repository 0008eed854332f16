// `npm run lab`, `npm run balancer`, `npm run bench`: whatever they need, made quietly. Nothing goes to standard output.
import { ensureBuilt, ensurePackages, runMain } from './prepare.mjs';

await runMain(async () => {
  await ensurePackages();
  await ensureBuilt();
});
