// Lives in the same extension host as Traffic Lab and measures that host's event-loop delay. The bench names the phase
// it is in by writing it to the file PHASE_FILE; at each change the histogram of the phase before goes to RESULT_FILE.
const fs = require('node:fs');
const { monitorEventLoopDelay, performance } = require('node:perf_hooks');
const vscode = require('vscode');

const RESOLUTION_MS = 1;

exports.activate = (context) => {
  const phaseFile = process.env.TRAFFIC_LAB_BENCH_PHASE;
  const resultFile = process.env.TRAFFIC_LAB_BENCH_RESULT;
  if (!phaseFile || !resultFile) return;
  const results = { phases: {}, activationMs: null };
  let phase = '';
  let histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  histogram.enable();
  const timer = setInterval(async () => {
    const next = fs.existsSync(phaseFile) ? fs.readFileSync(phaseFile, 'utf8').trim() : '';
    if (next === phase) return;
    histogram.disable();
    if (phase !== '') {
      const ms = (value) => value / 1e6;
      results.phases[phase] = {
        p50: ms(histogram.percentile(50)),
        p99: ms(histogram.percentile(99)),
        max: ms(histogram.max),
        samples: histogram.count,
      };
    }
    phase = next;
    if (phase === 'activate') {
      const extension = vscode.extensions.getExtension('traffic-lab.traffic-lab');
      const before = performance.now();
      await extension?.activate();
      results.activationMs = performance.now() - before;
    }
    fs.writeFileSync(`${resultFile}.new`, JSON.stringify(results));
    fs.renameSync(`${resultFile}.new`, resultFile);
    histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
    histogram.enable();
  }, 100);
  context.subscriptions.push({ dispose: () => clearInterval(timer) });
};
