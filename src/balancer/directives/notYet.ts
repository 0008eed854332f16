/**
 * What is read and checked in full, but what no proxy does yet: a file that uses it is refused. Whoever builds the
 * data plane for one takes its line away. Names are directives and variables ("stream/" before those inside
 * `stream {}`), or features in words.
 */
export const notYet: ReadonlySet<string> = new Set([
  // What is not counted.
  '$limit_rate',
]);
