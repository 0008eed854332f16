import { underPrefix } from '../prefix';
import type { Exchange } from '../proxies/exchange';
import type { Template } from '../template';

/** Exchanges whose root is being worked out: one that is made of itself comes out empty. */
const working = new WeakSet<Exchange>();

/** A path of the file system that a directive gives, for this request; relative ones begin at the prefix. */
export function filePath(template: Template, exchange: Exchange): string {
  if (working.has(exchange)) return '';
  working.add(exchange);
  try {
    return underPrefix(exchange.generation.engine.prefix, fileName(template, exchange));
  } finally {
    working.delete(exchange);
  }
}

/** A name of the file system, as a directive gives it for this request. Values are bytes as latin1 text; file names are UTF-8. */
export function fileName(template: Template, exchange: Exchange): string {
  return template.evaluate({
    variable: (name) => Buffer.from(exchange.variable(name), 'latin1').toString('utf8'),
  });
}
