import { isDaemonChild, serveInBackground } from './cli/daemon';
import { run } from './cli/run';
import { serve } from './cli/serve';

/** The `balancer` command: see run.ts for what it does and options.ts for its arguments. */
run(
  process.argv.slice(2),
  {
    cwd: process.cwd(),
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
  },
  (line, configuration, terminal) => {
    const inBackground = configuration.plan.main.daemon && !isDaemonChild();
    return (inBackground ? serveInBackground : serve)(line, configuration, terminal);
  },
).then(
  (status) => {
    process.exitCode = status;
    // Served connections may leave timers behind; the work is done.
    if (process.connected) process.disconnect();
  },
  (error: unknown) => {
    // Only a bug comes here: an expected failure is an exit status.
    process.stderr.write(`nginx: [alert] ${error instanceof Error ? error.stack : String(error)}\n`);
    process.exitCode = 1;
  },
);
