// The editor part: see run.mjs.
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { root } from '../../.ci/commands.mjs';
import { measureEditor } from './editorBench.mjs';
import { median, printTable } from './report.mjs';

const ms = (value) => `${value.toFixed(1)} ms`;

export async function benchEditor(rounds) {
  const editors = [];
  for (let round = 0; round < rounds; round++) editors.push(await measureEditor());
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
    const results = Array.from({ length: rounds }, () => lab(arm));
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
  printTable(rows);
}
