import type { Context } from '../../balancer/directives/entry';
import { flag } from '../../balancer/directives/kinds';
import { allowedIn, entriesNamed } from '../../balancer/directives/table';
import { parseConf } from '../../conf/parse';
import type { ConfPlace } from './confPlace';
import { isNotYet, labPolicyNames } from './directiveDoc';

/** Something to write at a place. `snippet` has the editor's ${1:…} places to fill in. */
export interface Suggestion {
  readonly label: string;
  readonly snippet: string;
  readonly kind: 'directive' | 'block' | 'value' | 'lab';
  /** A directive's name, for its documentation. */
  readonly directive: string | null;
}

/** Servers of the lab whose file it is. */
export interface LabServers {
  readonly ids: readonly string[];
}

/** What may stand at a place. Directives that the labs' balancer would refuse are left out. */
export function suggestionsAt(place: ConfPlace, text: string, lab: LabServers): readonly Suggestion[] {
  switch (place.kind) {
    case 'directive':
      return place.context === null ? [] : directivesIn(place.context, lab);
    case 'argument':
      return place.context === null ? [] : valuesOf(place.directive, place.context, place.index, text);
    case 'comment':
      return labComments(place, lab);
  }
}

function directivesIn(context: Context, lab: LabServers): Suggestion[] {
  const names = allowedIn(context).filter((name) => name !== 'include' && !isNotYet(name, context));
  return names.flatMap((name): Suggestion[] => {
    const entry = entriesNamed(name).find((candidate) => candidate.contexts.includes(context));
    if (entry === undefined) return [];
    if (name === 'server' && !entry.block) return [serverLine(lab)];
    const [least] = entry.args;
    const argument = least === 0 ? '' : ' $1';
    return [
      entry.block
        ? { label: name, snippet: `${name}${argument} {\n\t$0\n}`, kind: 'block', directive: name }
        : { label: name, snippet: `${name}${argument};`, kind: 'directive', directive: name },
    ];
  });
}

/** A server line with the comment that ties it to a server of the lab. */
function serverLine(lab: LabServers): Suggestion {
  const snippet =
    lab.ids.length === 0
      ? 'server 127.0.0.1:$1;'
      : `server 127.0.0.1:$1; # lab: backend \${2|${lab.ids.join(',')}|} \${3|grpc,rest|}`;
  return { label: 'server', snippet, kind: 'directive', directive: 'server' };
}

function valuesOf(directive: string, context: Context, index: number, text: string): Suggestion[] {
  const value = (label: string, snippet = label): Suggestion => ({ label, snippet, kind: 'value', directive: null });
  const isStream = context.startsWith('stream');
  if ((directive === 'proxy_pass' || directive === 'grpc_pass') && index === 0) {
    const scheme = isStream ? '' : directive === 'grpc_pass' ? 'grpc://' : 'http://';
    return upstreamNames(text, isStream ? 'stream' : 'http').map((name) => value(`${scheme}${name}`));
  }
  if (directive === 'server' && (context === 'upstream' || context === 'stream-upstream')) {
    if (index === 0) return [];
    return [
      value('weight=', 'weight=$1'),
      value('max_fails=', 'max_fails=$1'),
      value('fail_timeout=', 'fail_timeout=$1'),
      value('max_conns=', 'max_conns=$1'),
      value('backup'),
      value('down'),
    ];
  }
  const entry = entriesNamed(directive).find((candidate) => candidate.contexts.includes(context));
  return index === 0 && entry?.read === flag ? [value('on'), value('off')] : [];
}

function upstreamNames(text: string, section: 'http' | 'stream'): string[] {
  return parseConf('', text)
    .file.directives.filter(({ name }) => name.value === section)
    .flatMap(({ block }) => block ?? [])
    .filter(({ name }) => name.value === 'upstream')
    .flatMap(({ args }) => args[0]?.value ?? []);
}

function labComments(place: Extract<ConfPlace, { kind: 'comment' }>, lab: LabServers): Suggestion[] {
  // Another comment is the reader's own: it is left alone.
  if (!/^#\s*(l|la|lab|lab:.*)?$/.test(place.word)) return [];
  const labLine = (label: string): Suggestion => ({
    label: `# ${label}`,
    snippet: `# ${label}`,
    kind: 'lab',
    directive: null,
  });
  if (place.context !== 'upstream' && place.context !== 'stream-upstream') return [];
  if (place.directive === 'server') {
    return lab.ids.flatMap((id) => [labLine(`lab: backend ${id} grpc`), labLine(`lab: backend ${id} rest`)]);
  }
  return labPolicyNames().map((name) => labLine(`lab: policy ${name};`));
}
