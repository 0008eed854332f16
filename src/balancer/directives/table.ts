import { accessEntries } from './access';
import { contentEntries } from './content';
import type { Context, Entry } from './entry';
import { furnitureEntries } from './furniture';
import { addHeaders, addTrailers } from './headers';
import { httpEntries } from './http';
import { http2Entries } from './http2';
import { limitEntries } from './limits';
import { logEntries } from './logs';
import { mainEntries } from './main';
import { mapEntries } from './maps';
import { noteEntries } from './notes';
import { proxyEntries } from './proxy';
import { proxyAnswerEntries } from './proxyAnswers';
import { proxyBufferEntries } from './proxyBuffers';
import { proxyRequestEntries } from './proxyRequest';
import { rewriteEntries } from './rewrite';
import { staticEntries } from './staticFiles';
import { streamAccessEntries } from './streamAccess';
import { tlsEntries } from './tls';
import { upstreamEntries } from './upstream';

/** Every directive there is. */
export const entries: readonly Entry[] = [
  ...mainEntries,
  ...httpEntries,
  ...http2Entries,
  ...upstreamEntries,
  ...proxyEntries,
  ...proxyAnswerEntries,
  ...proxyBufferEntries,
  ...proxyRequestEntries,
  ...rewriteEntries,
  ...staticEntries,
  ...accessEntries,
  ...streamAccessEntries,
  ...contentEntries,
  ...limitEntries,
  ...logEntries,
  ...mapEntries,
  ...noteEntries,
  ...furnitureEntries,
  ...tlsEntries,
  addHeaders,
  addTrailers,
];

const byName = new Map<string, Entry[]>();
for (const entry of entries) byName.set(entry.name, [...(byName.get(entry.name) ?? []), entry]);

/** The entries with a name: more than one where http and stream have a directive each. */
export function entriesNamed(name: string): readonly Entry[] {
  return byName.get(name) ?? [];
}

/** Names of the directives that may stand in a context, sorted. */
export function allowedIn(context: Context): readonly string[] {
  const names = entries.filter((entry) => entry.contexts.includes(context)).map((entry) => entry.name);
  return [...new Set([...names, 'include'])].sort();
}
