/**
 * What is read and checked in full, but what no proxy does yet: a file that uses it is refused. Whoever builds the
 * data plane for one takes its line away. Names are directives, with "stream/" before those of `stream {}` where the
 * http one of the same name works, or features in words.
 */
export const notYet: ReadonlySet<string> = new Set([
  'proxy_pass with variables',
  'proxy_pass with variables in stream',
  'grpc_pass with variables',
  'proxy_pass https://',
  'grpc_pass grpcs://',
  'listen ssl',
  'listen proxy_protocol',
  'http2',
]);
