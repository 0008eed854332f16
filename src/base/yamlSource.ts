import * as v from 'valibot';
import { isMap, isNode, isScalar, isSeq, LineCounter, type Node, parseDocument, visit } from 'yaml';
import { type Message, message } from './message';
import type { Problem, Span } from './problem';
import { err, ok, type Result } from './result';

/** A path into a YAML document: map keys and list indexes. */
export type YamlPath = readonly (string | number)[];

/** A YAML text that remembers where everything stands, so that a wrong value can be pointed at. */
export interface YamlSource {
  readonly value: unknown;
  /** Span of the value at the path; of the nearest existing parent if there is none. */
  locate(path: YamlPath): Span;
}

/**
 * Reads one YAML document (YAML 1.2 core schema; duplicate keys are errors). `firstLine` is the line of the file, from 1,
 * at which the text begins: for YAML inside a Markdown fence. All syntax problems at once, each at its place.
 */
export function readYaml(text: string, file: string, firstLine = 1): Result<YamlSource, readonly Problem[]> {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const spanOf = (from: number, to: number): Span => {
    const start = lines.linePos(from);
    const end = lines.linePos(Math.max(from, to));
    return {
      file,
      line: start.line + firstLine - 1,
      column: start.col,
      endLine: end.line + firstLine - 1,
      endColumn: end.col,
    };
  };
  if (document.errors.length > 0) {
    return err(
      document.errors.map((error) => ({
        severity: 'error' as const,
        message: message('This is not valid YAML: {detail}', { detail: error.message }),
        span: spanOf(error.pos[0], error.pos[1]),
      })),
    );
  }
  const aliases: Problem[] = [];
  visit(document, {
    // They could name what does not exist, or grow a small file beyond all bounds.
    Alias(_key, node) {
      const text = message('Aliases such as “*{name}” are not supported here.', { name: node.source });
      aliases.push({ severity: 'error', message: text, span: spanOf(node.range?.[0] ?? 0, node.range?.[1] ?? 0) });
    },
  });
  if (aliases.length > 0) return err(aliases);
  const locate = (path: YamlPath): Span => {
    let node: unknown = document.contents;
    for (const step of path) {
      const child: unknown = isMap(node) || isSeq(node) ? node.get(step, true) : undefined;
      if (!isNode(child)) break;
      node = child;
    }
    return isNode(node) ? nodeSpan(node, spanOf) : spanOf(0, text.length);
  };
  return ok({ value: document.toJS() as unknown, locate });
}

function nodeSpan(node: Node, spanOf: (from: number, to: number) => Span): Span {
  const range = node.range;
  if (!range) return spanOf(0, 0);
  // A map's or list's range runs to the end of its block; its first line is enough to point at.
  return isScalar(node) ? spanOf(range[0], range[1]) : spanOf(range[0], range[0] + 1);
}

/** Checks a YAML source against a schema; every issue becomes a problem at the value it is about. */
export function checkYaml<S extends v.GenericSchema>(
  source: YamlSource,
  schema: S,
): Result<v.InferOutput<S>, readonly Problem[]> {
  const parsed = v.safeParse(schema, source.value);
  if (parsed.success) return ok(parsed.output);
  return err(
    parsed.issues.map((issue) => ({
      severity: 'error' as const,
      message: issueMessage(issue),
      span: source.locate((issue.path ?? []).map((item) => item.key as string | number)),
    })),
  );
}

function issueMessage(issue: v.BaseIssue<unknown>): Message {
  const field = (issue.path ?? []).map((item) => String(item.key)).join('.') || '(document)';
  // valibot gives the path of a missing key, too; the received value tells it apart.
  if (issue.received === 'undefined') return message('“{field}” is missing.', { field });
  if (issue.expected === 'never') return message('“{field}” is not known here.', { field });
  if (issue.expected !== null) {
    return message('“{field}” should be {expected}, but is {received}.', {
      field,
      expected: issue.expected,
      received: issue.received,
    });
  }
  return message('“{field}” is not right: {detail}', { field, detail: issue.message });
}
