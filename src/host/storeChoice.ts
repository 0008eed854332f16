import * as vscode from 'vscode';
import type { StoreChoice } from '../protocol/storeWorker';

/**
 * Which session store the reader wants (setting trafficLab.redisUrl): empty for a Redis of the machine or the lab's own.
 * Its scope keeps a workspace from sending the lab's traffic somewhere by a settings file of its own.
 */
export function storeChoice(): StoreChoice {
  const text = vscode.workspace.getConfiguration('trafficLab').get<string>('redisUrl', '').trim();
  if (text === '') return { kind: 'auto' };
  return text === 'built-in' ? { kind: 'built-in' } : { kind: 'url', url: text };
}
