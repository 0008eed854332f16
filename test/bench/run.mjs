// npm run bench: speeds of the editor part and of a run, medians of several rounds. Figures that depend on the machine are
// given beside what they are held against in the same run.
import { execFileSync } from 'node:child_process';
import os from 'node:os';
import path from 'node:path';
import { root } from '../../.ci/commands.mjs';
import { measureEditor } from './editorBench.mjs';

const print = (line) => process.stdout.write(`${line}\n`);
const ROUNDS = Number(process.env.ROUNDS ?? 3);

const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
const ms = (value) => `${value.toFixed(1)} ms`;

print(
  `${os.cpus()[0]?.model}, ${os.cpus().length} cores, ${os.platform()}, Node ${process.version}, ${ROUNDS} rounds\n`,
);

const editors = [];
for (let round = 0; round < ROUNDS; round++) editors.push(await measureEditor());
const figure = (name) => median(editors.map((each) => each[name]));

const lab = (arm) =>
  JSON.parse(
    execFileSync(
      process.execPath,
      [
        path.join(root, 'dist/cli/lab.js'),
        'run',
        'grpc-pinning',
        '--arm',
        arm,
        '--requests',
        '10000',
        '--rate',
        '0',
        '--json',
      ],
      { encoding: 'utf8' },
    ),
  );
const runs = {};
for (const arm of ['grpc-client-side', 'grpc-l4', 'grpc-l7']) {
  const results = Array.from({ length: ROUNDS }, () => lab(arm));
  runs[arm] = {
    seconds: median(results.map((each) => each.sent / each.requestsPerSecond)),
    startMs: median(results.map((each) => each.startMs)),
  };
}

const rows = [
  ['activation', ms(figure('activationMs')), 'under 30 ms'],
  ['command to first painted page', ms(figure('openMs')), ''],
  ['click on Run to first live number', ms(figure('firstNumberMs')), 'within 500 ms'],
  ['event-loop delay p99 of the extension host, idle', ms(figure('idleP99Ms')), ''],
  [
    'the same under full load',
    ms(figure('loadP99Ms')),
    `at most 3 ms above idle: ${ms(figure('loadP99Ms') - figure('idleP99Ms'))} above`,
  ],
  ...Object.entries(runs).map(([arm, run]) => [
    `10,000 requests, ${arm}`,
    `${run.seconds.toFixed(2)} s, started in ${run.startMs} ms`,
    arm === 'grpc-client-side'
      ? ''
      : `${(run.seconds / runs['grpc-client-side'].seconds).toFixed(2)} of grpc-client-side (no balancer)`,
  ]),
];
const widths = [0, 1].map((column) => Math.max(...rows.map((row) => row[column].length)));
for (const [what, value, note] of rows) print(`${what.padEnd(widths[0])}  ${value.padStart(widths[1])}  ${note}`);
