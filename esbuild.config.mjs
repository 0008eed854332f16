// Builds everything that runs: the extension, its workers, the command lines (Node, CommonJS) and the course page
// (browser). One bundler for all; mermaid's unused diagram kinds, elkjs and KaTeX are stubbed out of the page.
import path from 'node:path';
import { build, context } from 'esbuild';
import { mermaidStubs } from './.ci/mermaidStubs.mjs';

const production = process.argv.includes('--production');
const watch = process.argv.includes('--watch');

/** @type {import('esbuild').BuildOptions} */
const common = {
  bundle: true,
  sourcemap: production ? false : 'linked',
  minify: production,
  legalComments: 'none',
  logLevel: 'warning',
  loader: { '.proto': 'text' },
};

/**
 * Modules that are imported dynamically and get a bundle of their own beside their importer's, by source. Evaluating lazily
 * is not enough: a worker or an activation would still read and parse all of it. Value: bundle, relative to dist.
 */
const loadedLater = {
  'src/host/courseRuntime': 'courseRuntime',
  'src/backends/restServer': 'workers/restServer',
  'src/backends/grpcServer': 'workers/grpcServer',
  'src/backends/services/sessionsRest': 'workers/sessionsRest',
  'src/backends/store/redisSessions': 'workers/redisSessions',
  'src/backends/inner/innerGrpc': 'workers/innerGrpc',
};

/** @type {import('esbuild').Plugin} */
const ownBundles = {
  name: 'own-bundles',
  setup(build) {
    build.onResolve({ filter: /^\.\.?\// }, ({ kind, path: wanted, resolveDir }) => {
      if (kind !== 'dynamic-import') return undefined;
      const source = path
        .relative(import.meta.dirname, path.resolve(resolveDir, wanted))
        .split(path.sep)
        .join('/');
      const bundle = loadedLater[source];
      return bundle === undefined ? undefined : { path: `./${path.basename(bundle)}.js`, external: true };
    });
  },
};

/** @type {import('esbuild').BuildOptions} */
const node = {
  ...common,
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  external: ['vscode'],
  // A bundle has no business reading package.json beside it; express looks up optional view engines only.
  mainFields: ['module', 'main'],
  plugins: [ownBundles],
};

const builds = [
  { ...node, entryPoints: { extension: 'src/extension.ts' }, outdir: 'dist' },
  {
    ...node,
    entryPoints: Object.fromEntries(Object.entries(loadedLater).map(([source, bundle]) => [bundle, `${source}.ts`])),
    outdir: 'dist',
  },
  {
    ...node,
    entryPoints: {
      'workers/balancer': 'src/lab/balancerWorker.ts',
      'workers/backend': 'src/backends/backendWorker.ts',
      'workers/traffic': 'src/traffic/trafficWorker.ts',
      'workers/store': 'src/backends/store/storeWorker.ts',
    },
    outdir: 'dist',
  },
  {
    ...node,
    entryPoints: { 'cli/lab': 'src/cli/lab.ts' },
    outdir: 'dist',
    banner: { js: '#!/usr/bin/env node' },
  },
  {
    ...node,
    entryPoints: { 'cli/balancer': 'src/balancer/cli.ts' },
    outdir: 'dist',
    // Young objects in 24 MB at most: as quick, and 30 MB less for 10,000 idle connections. Once Node runs it cannot be set.
    banner: { js: '#!/usr/bin/env -S node --max-semi-space-size=8' },
  },
  {
    ...common,
    entryPoints: { page: 'webview/page.ts' },
    outdir: 'dist/webview',
    platform: 'browser',
    target: 'chrome128',
    format: 'iife',
    plugins: [mermaidStubs()],
  },
];

if (watch) {
  for (const options of builds) await (await context(options)).watch();
} else {
  await Promise.all(builds.map((options) => build(options)));
}
