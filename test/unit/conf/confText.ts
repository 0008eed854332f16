import fc from 'fast-check';

/** Pieces of which configurations, good and broken, are made. */
const word = fc.oneof(
  fc.constantFrom(
    'server',
    'listen',
    'proxy_pass',
    'a#b',
    'a}b',
    '${host}x',
    '$uri',
    '127.0.0.1:80',
    '\\;',
    'x"y',
    "it's",
  ),
  fc.stringMatching(/^[a-z_$.:/*~^=]{1,12}$/),
);
const quoted = fc
  .tuple(fc.constantFrom('"', "'"), fc.stringMatching(/^[a-z ;{}#$\n\\\\]{0,12}$/))
  .map(([quote, inner]) => quote + inner.replace(/\\+$/, '') + quote);
const space = fc.constantFrom(' ', '\n', '\r\n', '\t', '  ', ' # comment\n', '\n# lab: backend a rest\n');
const punctuation = fc.constantFrom(';', '{', '}', '"', "'", '#', '\\', '$', '${', '\u{1F600}');

/** Any text that looks like a configuration, mostly broken. */
export const anyConf: fc.Arbitrary<string> = fc
  .array(
    fc.oneof(
      { weight: 5, arbitrary: word },
      { weight: 2, arbitrary: quoted },
      { weight: 6, arbitrary: space },
      { weight: 4, arbitrary: punctuation },
    ),
    {
      maxLength: 40,
    },
  )
  .map((parts) => parts.join(''));

const name = fc.stringMatching(/^[a-z_]{1,8}$/);
const argument = fc.oneof(name, quoted, fc.constantFrom('$uri', '${host}x', 'a#b', '10s'));
const gap = fc.constantFrom(' ', '\n', '\r\n\t', ' # comment\n');

interface Tree {
  readonly text: string;
  /** Names in the order of the file. */
  readonly names: readonly string[];
}

/** A file without syntax errors, and the names of its directives. */
export const goodConf: fc.Arbitrary<Tree> = fc.letrec<{ file: Tree; directive: Tree }>((tie) => ({
  file: fc.array(tie('directive'), { maxLength: 4 }).map((parts) => ({
    text: parts.map((part) => part.text).join('\n'),
    names: parts.flatMap((part) => part.names),
  })),
  directive: fc
    .tuple(name, fc.array(fc.tuple(gap, argument), { maxLength: 3 }), fc.option(tie('file'), { maxDepth: 3 }), gap)
    .map(([own, args, block, last]) => ({
      text: `${own}${args.map(([before, text]) => before + text).join('')}${last}${block === null ? ';' : `{${last}${block.text}${last}}`}`,
      names: [own, ...(block?.names ?? [])],
    })),
})).file;
