import { beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { renderMessage } from '../../src/base/message';
import type { ParsedBlock, ParsedCourse } from '../../src/course/parsedCourse';
import { quizKinds } from '../../src/quiz/kinds/index';
import { sourceOrder } from '../../src/quiz/optionOrder';
import { rightAnswer, type WrittenQuiz } from './rightAnswer';
import { documentIn, fileText, htmlOf, labs, manifest, networkIn, references } from './trafficLabCourse';

const languages = manifest().languages;
const documents = new Map<string, ParsedCourse>();

beforeAll(async () => {
  for (const language of languages) documents.set(language, await documentIn(language));
});

function document(language: string): ParsedCourse {
  const found = documents.get(language);
  if (found === undefined) throw new Error(`No document in ${language}`);
  return found;
}

interface Named {
  readonly id: string;
  readonly title: Readonly<Record<string, string>>;
}
/** What a lab.yaml calls its parts. */
interface LabTitles {
  readonly arms: readonly Named[];
  readonly scenarios?: readonly Named[];
  readonly exercises?: readonly Named[];
}

/** What must be equal in every language: everything but the words. */
function structureOf(block: ParsedBlock): unknown {
  switch (block.kind) {
    case 'heading':
      return ['heading', block.level, block.anchor];
    case 'mermaid':
      return ['mermaid', block.id, diagramShape(block.source), block.measured?.edges];
    case 'quiz':
      return ['quiz', block.quiz.id, block.quiz.key, block.quiz.view(sourceOrder)].map(withoutWords);
    case 'html':
      return ['html', block.html.match(/<\/?[a-z0-9]+|(?<=href=")[^"]*|(?<=<code>)[a-z0-9.-]*(?=<\/code>)/g)];
    case 'tabs':
      return ['tabs', block.tabs.map(({ name, blocks }) => [name, blocks.map(structureOf)])];
    default:
      return block;
  }
}

/** A diagram without labels and titles: kinds, nodes, edges. */
function diagramShape(source: string): readonly string[] {
  return source
    .split('\n')
    .filter((line) => !/^\s*acc(Title|Descr)/.test(line))
    .map((line) => line.replace(/"[^"]*"/g, '""').replace(/^(\s*participant \w+ as |[^"]*>>\w+:).*/, '$1'));
}

function withoutWords(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  return JSON.parse(
    JSON.stringify(value, (key, part) => {
      if (key === 'source') return diagramShape(String(part));
      return /^(html|promptHtml|text|title|unit)$/.test(key) ? '' : part;
    }),
  );
}

describe('the course', () => {
  it('is written in Korean and in English', () => {
    expect([...languages].sort()).toEqual(['en', 'ko']);
  });

  it('has the same structure, anchors, labs, question ids and keys in every language', () => {
    const [first = '', ...others] = languages;
    const expected = document(first).blocks.map(structureOf);
    for (const language of others) expect(document(language).blocks.map(structureOf)).toEqual(expected);
  });

  it('has the sections and diagrams of the outline', () => {
    const { blocks, anchors } = document('en');
    const diagrams = blocks.flatMap((block) => (block.kind === 'mermaid' ? [block.id] : []));
    expect(diagrams).toEqual(
      expect.arrayContaining(['l4-flow', 'l7-flow', 'grpc-l4-pinned', 'grpc-l7-spread', 'grpc-client-side-spread']),
    );
    for (const anchor of [
      'l4-l7',
      'grpc-http2',
      'cure-l7',
      'cure-client-side',
      'cure-max-age',
      'rest-pins-too',
      'when-l4',
    ]) {
      expect(anchors).toContain(anchor);
    }
  });

  it('measures every flow of its diagrams that a lab runs', () => {
    const measured = document('en').blocks.flatMap((block) =>
      block.kind === 'mermaid' && block.measured !== undefined
        ? [[block.id, `${block.measured.lab}/${block.measured.arm}`]]
        : [],
    );
    expect(measured).toEqual([
      ['rest-edge-flow', 'rest-outside-grpc-inside/rest-edge-grpc-inside'],
      ['l4-flow', 'grpc-pinning/rest-new-sockets'],
      ['l7-flow', 'l4-vs-l7/l7-path'],
      ['grpc-l4-pinned', 'grpc-pinning/grpc-l4'],
      ['grpc-l7-spread', 'grpc-pinning/grpc-l7'],
      ['grpc-client-side-spread', 'grpc-pinning/grpc-client-side'],
      ['gateway-flow', 'api-gateway/authenticated'],
      ['session-store-flow', 'sticky-vs-redis/redis-round-robin'],
    ]);
  });

  it('draws every server that a measured flow has, so that its numbers add up', async () => {
    for (const block of document('en').blocks) {
      if (block.kind !== 'mermaid' || block.measured === undefined) continue;
      const { lab, arm, nodes } = block.measured;
      const network = await networkIn(lab, arm);
      const shown = new Set(nodes.flatMap(({ stands }) => stands));
      const targets = network.edges.map(({ to }) => to);
      const left = network.servers.filter((id) => targets.includes(id) && !shown.has(id));
      expect(left, block.id).toEqual(block.id === 'gateway-flow' ? ['verifier'] : []);
    }
  });

  it('asks a question of each kind', () => {
    const kinds = [...document('en').quizzes.values()].map((quiz) => quiz.kind);
    expect(new Set(kinds)).toEqual(new Set(quizKinds.map((kind) => kind.kind)));
  });
});

function sources(language: string): readonly WrittenQuiz[] {
  return [...fileText(`course.${language}.md`).matchAll(/^```quiz\n([\s\S]*?)^```/gm)].map(([, yaml = '']) =>
    parse(yaml),
  );
}

describe.each(languages)('the course in %s', (language) => {
  it('has no problem: no dead anchor, no image without text, every option explained, every lab and arm there', () => {
    const problems = document(language).problems.map(
      (p) => `${p.span.line}:${p.span.column} ${renderMessage(p.message)}`,
    );
    expect(problems).toEqual([]);
  });

  it('bears the title of the manifest', () => {
    expect(document(language).title).toBe(manifest().title[language]);
  });

  it('shows every arm of the labs it embeds, beside its claims and by its title', async () => {
    const html = htmlOf(document(language));
    for (const lab of await labs()) {
      if (!document(language).labs.includes(lab.id) || !lab.definition.ok) continue;
      for (const arm of lab.definition.value.arms) {
        expect(html).toContain(`<code>${arm.id}</code>`);
        expect(html).toContain(`<strong>${arm.title[language]}</strong>`);
      }
    }
  });

  it('names no arm that there is not', async () => {
    const arms = references(await labs()).flatMap((lab) => lab.arms);
    const named = [...fileText(`course.${language}.md`).matchAll(/`((?:grpc|rest)-[a-z0-9-]+)`/g)].map(
      ([, name]) => name,
    );
    // The library goes by a name of the same form.
    expect(named.filter((name) => name !== undefined && name !== 'grpc-js' && !arms.includes(name))).toEqual([]);
  });

  it('shows the labs’ own files rather than copies of them', () => {
    const text = fileText(`course.${language}.md`);
    expect(text).toContain('file: l7.nginx.conf');
    expect(text).toContain('file: typed-client.ts');
    // In tabs stands what other products, or nginx elsewhere, would be told; beside them nothing is typed in.
    expect([...text.matchAll(/^```nginx$/gm)]).toEqual([]);
  });

  it('calls every arm, scenario and exercise as the lab does', async () => {
    const titles = new Map<string, Set<string>>();
    const exercises = new Set<string>();
    for (const { id } of await labs()) {
      const lab = parse(fileText(`${id}/lab.yaml`)) as LabTitles;
      for (const named of [...lab.arms, ...(lab.scenarios ?? [])]) {
        const known = titles.get(named.id) ?? new Set();
        // Inside a sentence it begins with a small letter.
        titles.set(named.id, known.add((named.title[language] ?? '').toLowerCase()));
      }
      for (const exercise of lab.exercises ?? []) exercises.add(exercise.title[language] ?? '');
    }
    const text = fileText(`course.${language}.md`);
    const named = [...text.matchAll(/\*\*([^*\n]+)\*\* ?\(`([a-z0-9-]+)`\)/g)];
    expect(named.length).toBeGreaterThan(30);
    expect(
      named
        .filter(([, title = '', id = '']) => titles.get(id)?.has(title.toLowerCase()) !== true)
        .map(([words]) => words),
    ).toEqual([]);
    // Each exercise is named where its lab is taught.
    expect([...exercises].filter((title) => !text.includes(`**${title}**`))).toEqual([]);
  });

  it('leaves no mark of Markdown unread', () => {
    const words = htmlOf(document(language)).replace(/<pre>[\s\S]*?<\/pre>|<code>.*?<\/code>/g, '');
    expect(words).not.toMatch(/\*\*|\[[^\]]*\]\(|`/);
  });

  it('grades the right answer of every question as right, and explains every option', () => {
    for (const quiz of document(language).quizzes.values()) {
      const { answer, shares, readings } = rightAnswer(quiz, sources(language));
      const isPrediction = quiz.kind.startsWith('predict-');
      if (isPrediction) expect(quiz.grade(answer, () => null)?.verdict).toBe('waiting');
      const feedback = quiz.grade(
        answer,
        () => shares,
        () => readings,
      );
      expect(feedback, quiz.id).toMatchObject({ verdict: 'right', score: 100 });
      for (const option of feedback?.options ?? [])
        expect(option.explanationHtml.length, option.id).toBeGreaterThan(20);
    }
  });

  it('says of every partner that fits nothing why it does not', () => {
    for (const { id, pairs = [], partners = [] } of sources(language)) {
      const idle = partners.filter((partner) => !pairs.some((pair) => pair.partner === partner.id));
      for (const { id: partner, explanation = '' } of idle)
        expect(explanation.length, `${id}: ${partner}`).toBeGreaterThan(20);
    }
  });

  it('accepts the spellings of both languages', () => {
    for (const other of languages) {
      for (const written of sources(other)) {
        if (written.kind !== 'short-answer') continue;
        for (const { correct, accept } of written.answers ?? []) {
          for (const spelling of accept) {
            const text = spelling.replaceAll('*', ' 그 ');
            const verdict = document(language)
              .quizzes.get(written.id)
              ?.grade({ text }, () => null)?.verdict;
            expect(verdict, `${written.id}: ${text}`).toBe(correct === true ? 'right' : 'wrong');
          }
        }
      }
    }
  });

  it('names a lab for every question, so that the review can replay it', () => {
    const without = [...document(language).quizzes.values()].filter((quiz) => quiz.experiment === null);
    expect(without.map((quiz) => quiz.id)).toEqual([]);
  });
});

describe('every diagram', () => {
  it('is read by mermaid', async () => {
    // Mermaid cleans labels through a sanitizer that needs a browser; the grammar is what is tested here.
    const { default: sanitizer } = await import('dompurify');
    Object.assign(sanitizer, { addHook: () => {}, sanitize: (dirty: string) => dirty });
    const { default: mermaid } = await import('mermaid');
    for (const language of languages) {
      for (const block of document(language).blocks) {
        if (block.kind !== 'mermaid') continue;
        await expect(mermaid.parse(block.source), `${block.id} in ${language}`).resolves.toBeTruthy();
      }
      for (const { id, diagram } of sources(language)) {
        if (diagram !== undefined) await expect(mermaid.parse(diagram), `${id} in ${language}`).resolves.toBeTruthy();
      }
    }
    await expect(mermaid.parse('flowchart LR\n  A["open" --> B')).rejects.toThrow();
  });
});
