/**
 * What is read and checked in full, but what no proxy does yet: a file that uses it is refused. Whoever builds the
 * data plane for one takes its line away. Names are directives and variables ("stream/" before those inside
 * `stream {}`), or features in words.
 */
export const notYet: ReadonlySet<string> = new Set([
  // What is not counted.
  '$limit_rate',
  ...[
    'bytes_received',
    'bytes_sent',
    'hostname',
    'msec',
    'nginx_version',
    'status',
    'time_iso8601',
    'time_local',
    'upstream_bytes_received',
    'upstream_bytes_sent',
    'upstream_connect_time',
    'upstream_first_byte_time',
    'upstream_session_time',
  ].map((name) => `stream/$${name}`),
]);
