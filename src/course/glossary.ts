import * as v from 'valibot';
import { type Message, message } from '../base/message';
import type { Problem, Span } from '../base/problem';
import { checkYaml, readYaml, type YamlPath } from '../base/yamlSource';

/** A word of the course that is explained where it first appears in a section. */
export interface GlossaryTerm {
  readonly id: string;
  readonly term: string;
  /** Other ways of writing it. */
  readonly also: readonly string[];
  /** One or two sentences, inline Markdown. */
  readonly text: string;
  /** Where `text` stands. */
  readonly span: Span;
}

export interface Glossary {
  readonly terms: readonly GlossaryTerm[];
  readonly problems: readonly Problem[];
}

export const NO_GLOSSARY: Glossary = { terms: [], problems: [] };

const words = v.pipe(v.string(), v.trim(), v.nonEmpty(), v.maxLength(80));
const entry = v.strictObject({
  term: words,
  also: v.optional(v.array(words), []),
  text: v.pipe(v.string(), v.trim(), v.nonEmpty(), v.maxLength(600)),
});
const schema = v.strictObject({
  terms: v.array(
    v.objectWithRest({ id: v.pipe(v.string(), v.regex(/^[a-z0-9][a-z0-9-]*$/), v.maxLength(60)) }, v.unknown()),
  ),
});

/**
 * Reads a glossary.yaml in one language: `terms`, each with an `id` and, by language id, `term`, `also` and `text`. A term
 * that is wrong is left out and told with its place; the others count.
 */
export function parseGlossary(text: string, file: string, language: string): Glossary {
  const source = readYaml(text, file);
  if (!source.ok) return { terms: [], problems: source.error };
  const checked = checkYaml(source.value, schema);
  if (!checked.ok) return { terms: [], problems: checked.error };
  const terms: GlossaryTerm[] = [];
  const problems: Problem[] = [];
  const ids = new Set<string>();
  const taken = new Map<string, string>();
  checked.value.terms.forEach((raw, index) => {
    const { id } = raw;
    const problem = (path: YamlPath, wrong: Message): void => {
      problems.push({
        severity: 'error',
        message: wrong,
        span: source.value.locate(['terms', index, ...path]),
      });
    };
    if (ids.has(id)) problem(['id'], message('Two terms have the id “{id}”.', { id }));
    ids.add(id);
    if (!Object.hasOwn(raw, language)) {
      problem([], message('The term “{id}” is not explained in the language “{language}”.', { id, language }));
      return;
    }
    const inLanguage = checkYaml(
      {
        value: raw[language],
        locate: (path) => source.value.locate(['terms', index, language, ...path]),
      },
      entry,
    );
    if (!inLanguage.ok) {
      problems.push(...inLanguage.error);
      return;
    }
    const { term, also, text: explanation } = inLanguage.value;
    for (const spelling of [term, ...also]) {
      const other = taken.get(spelling);
      if (other !== undefined)
        problem([language], message('“{spelling}” is already a word for “{id}”.', { spelling, id: other }));
      taken.set(spelling, id);
    }
    const span = source.value.locate(['terms', index, language, 'text']);
    terms.push({ id, term, also, text: explanation, span });
  });
  return { terms, problems };
}
