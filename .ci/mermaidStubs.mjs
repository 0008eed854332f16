// Keeps out of the page what the course never draws: mermaid loads each diagram kind, each layout engine (elkjs is
// EPL/GPL) and KaTeX by a dynamic import, and esbuild would bundle them all (5.2 MB instead of about 1 MB).
import path from 'node:path';

/** Chunks that are used: the two diagram kinds of the course and the one layout engine. */
const USED = /^(flowDiagram|sequenceDiagram|dagre|sizeCapture)-/;

/** @returns {import('esbuild').Plugin} */
export function mermaidStubs() {
  return {
    name: 'mermaid-stubs',
    setup(build) {
      build.onResolve({ filter: /.*/ }, (args) => {
        if (args.kind !== 'dynamic-import') return undefined;
        if (!args.importer.split(path.sep).join('/').includes('/node_modules/mermaid/dist/')) return undefined;
        if (USED.test(path.posix.basename(args.path))) return undefined;
        return { path: args.path, namespace: 'mermaid-stub' };
      });
      // Asking for one of them is an error with a name, not a broken picture.
      build.onLoad({ filter: /.*/, namespace: 'mermaid-stub' }, (args) => ({
        contents: `throw new Error(${JSON.stringify(`Not part of this build of mermaid: ${path.posix.basename(args.path)}`)});`,
        loader: 'js',
      }));
    },
  };
}
