import { describe, expect, it } from 'vitest';
import { documentIn, fileText, manifest } from './trafficLabCourse';

/** Where the course teaches what its outline promises. The anchor of a row is the place of its claim. */
const places: Readonly<Record<string, readonly string[]>> = {
  'three key questions': ['key-questions'],
  'no protocol fits all': ['why-patterns'],
  'REST and gRPC, row by row': [
    'rest-vs-grpc',
    'row-format',
    'row-payload',
    'row-speed',
    'row-types',
    'row-streaming',
    'row-browser',
    'where-rest-wins',
  ],
  'REST outside, gRPC inside': ['rest-outside-grpc-inside'],
  'one server is not enough': ['one-vs-many', 'many-is-not-enough'],
  'L4 and L7': ['l4-l7', 'l4-l7-in-products', 'tls-where', 'when-l4'],
  'gRPC over HTTP/2': ['http2-multiplexing', 'grpc-behind-l4', 'rest-pins-too', 'cure-l7', 'cure-client-side'],
  'the API gateway': ['api-gateway', 'gateway-statuses', 'rate-limit', 'gateway-order', 'gateway-in-products'],
};

/** Labs by the anchor above the heading that introduces them. */
const labs: Readonly<Record<string, string>> = {
  'rest-vs-grpc': 'rest-vs-grpc-lab',
  'rest-outside-grpc-inside': 'rest-outside-grpc-inside-lab',
  'one-vs-many': 'one-vs-many-lab',
  'l4-vs-l7': 'l4-vs-l7-lab',
  'grpc-pinning': 'pinning-lab',
  'api-gateway': 'api-gateway-lab',
};

/** How the same is done elsewhere: one strip of tabs for each of these. */
const products = ['nginx', 'HAProxy', 'Envoy', 'AWS'];

describe.each(manifest().languages)('the outline in %s', (language) => {
  const text = fileText(`course.${language}.md`);
  const section = (anchor: string): string => {
    const from = text.indexOf(`<a id="${anchor}"></a>`);
    const rest = text.slice(from + 1);
    const end = rest.indexOf('\n<a id="');
    return from === -1 ? '' : rest.slice(0, end === -1 ? rest.length : end);
  };

  it.each(Object.entries(places))('teaches %s', async (_, anchors) => {
    expect([...(await documentIn(language)).anchors]).toEqual(expect.arrayContaining([...anchors]));
  });

  it.each(Object.entries(labs))('has the lab %s under its heading', (lab, anchor) => {
    expect(section(anchor)).toContain(`\`\`\`lab\nid: ${lab}\n`);
  });

  it.each(['l4-flow', 'l7-flow', 'rest-edge-flow', 'gateway-flow'])('draws %s', (diagram) => {
    expect(text).toContain(`%% id: ${diagram}\n`);
  });

  it.each(['l4-l7-in-products', 'cure-l7', 'gateway-statuses', 'gateway-in-products'])(
    'shows under %s how the common products do it',
    (anchor) => {
      const tabs = [...section(anchor).matchAll(/^```\w+ tab="(\w+)/gm)].map(([, name]) => name);
      expect(tabs).toEqual(products);
    },
  );

  it.each(['16', '8', '12'])('tells the gRPC status %s of a refusal', (status) => {
    expect(section('gateway-statuses')).toMatch(new RegExp(`\\| ${status} [A-Z_]+ \\|`));
  });
});
