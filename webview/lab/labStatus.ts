import type { Snapshot } from '../../src/measurement/snapshot';
import type { LabState } from '../../src/protocol/webview';
import { say, t } from '../strings';
import { finishedSummary } from './announcements';

/** What balances, and what the run is doing, in words. */

export function engineText(engine: string): string {
  return engine === 'in-process' ? t('built in') : engine;
}

export function statusText(lab: LabState, snapshot: Snapshot | null, mayRun: boolean): string {
  if (!lab.running) {
    if (snapshot === null) return mayRun ? t('Not run yet.') : '';
    return snapshot.phase === 'failed' ? t('The run failed.') : say(finishedSummary(snapshot));
  }
  switch (snapshot?.phase ?? lab.phase ?? 'starting') {
    case 'starting':
      return t('Starting the servers …');
    case 'warming':
      return t('Opening connections …');
    case 'draining':
      return t('Waiting for the last answers …');
    default:
      return t('Running …');
  }
}
