import { readFileSync } from 'node:fs';
import type { Problem } from '../../base/problem';
import { err, ok, type Result } from '../../base/result';
import { type ConfText, readPlan } from '../buildPlan';
import type { ConfFiles } from '../directives/read';
import { openFailed } from '../logFile';
import type { Plan } from '../plan';
import { machineFiles } from './files';
import type { CommandLine } from './options';

export interface Configuration {
  readonly conf: ConfText;
  readonly plan: Plan;
  /** Every file that was read, in order, for `-T`. */
  readonly files: readonly ConfText[];
}

/** Reads the configuration that a command line names. */
export function loadConfiguration(line: CommandLine): Result<Configuration, readonly Problem[]> {
  let text: string;
  try {
    text = readFileSync(line.confPath, 'utf8');
  } catch (error) {
    return err([openFailed(line.confPath, error)]);
  }
  const conf = { path: line.confPath, text };
  const files: ConfText[] = [conf];
  const recording: ConfFiles = {
    match: machineFiles.match,
    // Not recorded: -T must not print a private key.
    load: machineFiles.read,
    read(path) {
      const included = machineFiles.read(path);
      if (included !== null && !files.some((file) => file.path === path)) files.push({ path, text: included });
      return included;
    },
  };
  const plan = readPlan(conf, { files: recording, globals: line.globals });
  return plan.ok ? ok({ conf, plan: plan.value, files }) : plan;
}
