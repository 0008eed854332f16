import * as vscode from 'vscode';
import type { TrafficLab } from '../compose';
import { check } from './check';
import { openConfiguration } from './openConfiguration';
import { openCourse } from './openCourse';
import { resetProgress } from './resetProgress';
import { restoreConfiguration } from './restoreConfiguration';
import { review } from './review';
import { runLab } from './runLab';
import { showProgress } from './showProgress';
import { stopLab } from './stopLab';
import { switchLanguage } from './switchLanguage';

/** Every command of package.json, one file each; a test holds the two lists against each other. */
export const commands: Readonly<Record<string, (trafficLab: TrafficLab, argument?: unknown) => Promise<void>>> = {
  'trafficLab.openCourse': openCourse,
  'trafficLab.runLab': runLab,
  'trafficLab.stopLab': stopLab,
  'trafficLab.check': check,
  'trafficLab.openConfiguration': openConfiguration,
  'trafficLab.restoreConfiguration': restoreConfiguration,
  'trafficLab.switchLanguage': switchLanguage,
  'trafficLab.review': review,
  'trafficLab.showProgress': showProgress,
  'trafficLab.resetProgress': resetProgress,
};

export function registerCommands(trafficLab: TrafficLab): vscode.Disposable[] {
  return Object.entries(commands).map(([id, run]) =>
    vscode.commands.registerCommand(id, (argument?: unknown) => run(trafficLab, argument)),
  );
}
