// `npm run lab`, `npm run balancer`, `npm run bench`: whatever they need, made quietly. Nothing goes to standard output.
import { runMain } from './commands.mjs';
import { ensureBuilt, ensurePackages } from './prepare.mjs';

await runMain(async () => {
  await ensurePackages();
  await ensureBuilt();
});
