/** Who may import whom: the table of the design, as data. A place is a folder or a file without its extension. */
export interface Rule {
  readonly place: string;
  /** Places whose values and types it may import, besides its own. */
  readonly may: readonly string[];
  /** Places of which it may import types only: they are gone at run time. */
  readonly mayTypes?: readonly string[];
  readonly reason?: string;
}

export const rules: readonly Rule[] = [
  { place: 'src/base', may: [] },
  { place: 'src/measurement', may: ['src/base'] },
  { place: 'src/conf', may: ['src/base'] },
  { place: 'src/quiz', may: ['src/base'] },
  { place: 'src/course', may: ['src/base', 'src/quiz'] },
  { place: 'src/balancer', may: ['src/base', 'src/conf', 'src/measurement'] },
  { place: 'src/simulator', may: ['src/base', 'src/measurement', 'src/balancer/policies'] },
  { place: 'src/backends', may: ['src/base', 'src/measurement', 'src/protocol'] },
  { place: 'src/traffic', may: ['src/base', 'src/measurement', 'src/protocol'] },
  {
    place: 'src/protocol',
    may: ['src/base'],
    mayTypes: ['src/measurement', 'src/quiz', 'src/course'],
    reason: 'a message names what it carries, and carries no code',
  },
  {
    place: 'src/lab',
    may: [
      'src/base',
      'src/conf',
      'src/balancer',
      'src/backends',
      'src/traffic',
      'src/measurement',
      'src/simulator',
      'src/protocol',
    ],
  },
  {
    place: 'src/cli',
    may: ['src/lab', 'src/course', 'src/measurement', 'src/base', 'src/protocol/run'],
    mayTypes: ['src/protocol'],
    reason: 'what it prints, and the limits of what it accepts, are defined there',
  },
  { place: 'src/host', may: ['src'] },
  { place: 'src/extension', may: ['src'] },
  {
    place: 'webview',
    may: ['src/protocol', 'src/base/message', 'src/base/assertNever'],
    mayTypes: ['src/measurement', 'src/course', 'src/quiz', 'src/base'],
    reason: 'the page shows what the host sends; it renders messages with the same function',
  },
];

/** A module that only some places may use. */
export interface Restriction {
  readonly modules: readonly string[];
  readonly places: readonly string[];
  readonly reason: string;
}

export const restrictions: readonly Restriction[] = [
  {
    modules: ['vscode'],
    places: ['src/host', 'src/extension'],
    reason: 'everything else runs and is tested without an editor',
  },
  {
    modules: ['net', 'http', 'http2', 'https', 'tls', 'dgram'],
    places: ['src/balancer/proxies', 'src/backends', 'src/traffic/clients', 'src/lab/portClaims', 'src/lab/**/*Worker'],
    reason: 'the extension host never carries traffic, and only few files open a port',
  },
  {
    modules: ['timers', 'timers/promises'],
    places: ['src/base'],
    reason: 'tests and the simulator own the clock: take a Clock (src/base/clock.ts)',
  },
];

/** What the machine gives that would make a run different each time; in src it is had through src/base only. */
export const machineSources: readonly { readonly name: string; readonly pattern: RegExp }[] = [
  { name: 'Date.now', pattern: /\bDate\.now\b/ },
  { name: 'new Date()', pattern: /\bnew Date\(\s*\)/ },
  { name: 'performance.now', pattern: /\bperformance\.(?:now|timeOrigin)\b/ },
  { name: 'process.hrtime', pattern: /\bprocess\.hrtime\b/ },
  { name: 'Math.random', pattern: /\bMath\.random\b/ },
  {
    name: 'a timer',
    pattern: /(?:(?<![\w$.])|\b(?:globalThis|global)\.)(?:setTimeout|setInterval|setImmediate)\b(?=\s*[(,;)])/,
  },
];

/** Folders whose index.ts is a registry: an explicit list of what there is. Nowhere else is an index.ts. */
export const registries: readonly string[] = [
  'src/backends/services',
  'src/balancer/policies',
  'src/host/commands',
  'src/quiz/kinds',
  'src/traffic/clients',
  'src/traffic/workloads',
  'webview/quiz/forms',
];
