// npm run bench [-- editor | balancer]: speeds, medians of several rounds. Figures that depend on the machine are given
// beside what they are held against in the same run. ROUNDS sets how many.
import os from 'node:os';
import { benchPackages, ensureDebianPackages } from '../../.ci/prepare.mjs';
import { print } from './report.mjs';

const ROUNDS = Number(process.env.ROUNDS ?? 3);
const parts = process.argv.slice(2);
const wants = (part) => parts.length === 0 || parts.includes(part);

print(`${os.cpus()[0]?.model}, ${os.cpus().length} cores, ${os.platform()} ${os.release()}`);
print(`Node ${process.version}, ${ROUNDS} rounds\n`);
if (wants('balancer')) {
  // Before the import: that looks for the programs.
  await ensureDebianPackages(benchPackages);
  await (await import('./balancer/bench.mjs')).benchBalancer(ROUNDS);
}
if (wants('editor')) await (await import('./editor.mjs')).benchEditor(ROUNDS);
