import { readableText } from '../byteText';
import { underPrefix } from '../prefix';
import type { Exchange } from '../proxies/exchange';
import type { Template, VariableSource } from '../template';

/** Whose root is being worked out: one that is made of itself comes out empty. */
const working = new WeakSet<VariableSource>();

/** A path of the file system that a directive gives, for this request; relative ones begin at the prefix. */
export function filePath(template: Template, exchange: Exchange): string {
  return pathFor(template, exchange, exchange.generation.engine.prefix);
}

/** The same for whatever has variables. */
export function pathFor(template: Template, subject: VariableSource, prefix: string): string {
  if (working.has(subject)) return '';
  working.add(subject);
  try {
    return underPrefix(prefix, fileName(template, subject));
  } finally {
    working.delete(subject);
  }
}

/** A name of the file system, as a directive gives it for this request. */
export function fileName(template: Template, subject: VariableSource): string {
  return readableText(template.evaluate(subject));
}
