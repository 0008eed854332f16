import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { root } from '../../.ci/commands.mjs';
import { sourcesBelow } from '../../.ci/l10n.mjs';
import { barrels, forbiddenImports, importCycles, machineUses } from './importRules/check';

const project = new Map(
  [...sourcesBelow('src'), ...sourcesBelow('webview')].map((file) => [
    file,
    readFileSync(path.join(root, file), 'utf8'),
  ]),
);

function sources(files: Readonly<Record<string, string>>): Map<string, string> {
  return new Map(Object.entries(files));
}

describe('the sources of the project', () => {
  it('import only what their folder may', () => expect(forbiddenImports(project)).toEqual([]));
  it('take time, timers and chance from src/base', () => expect(machineUses(project)).toEqual([]));
  it('have no barrel files but the registries', () => expect(barrels(project)).toEqual([]));
  it('import in no circle', () => expect(importCycles(project)).toEqual([]));
});

describe('the import table', () => {
  const target = { 'src/balancer/plan.ts': '', 'src/measurement/snapshot.ts': '', 'src/base/clock.ts': '' };

  it.each([
    ['a static import', `import { a } from '../balancer/plan';`],
    ['an import of a type', `import type { A } from '../balancer/plan';`],
    ['an import for its effect', `import '../balancer/plan';`],
    ['a re-export', `export { a } from '../balancer/plan';`],
    ['a dynamic import', `const a = await import('../balancer/plan');`],
    ['a type query', `type A = import('../balancer/plan').A;`],
    ['require', `const a = require('../balancer/plan');`],
    ['an import over several lines', `import {\n  a,\n  type B,\n} from '../balancer/plan';`],
    ['an import with a comment in it', `import { a } /* why */ from '../balancer/plan'; // x`],
  ])('refuses %s and names the allowed folders', (_, text) => {
    expect(forbiddenImports(sources({ ...target, 'src/conf/parse.ts': text }))).toEqual([
      "src/conf/parse.ts:1 imports '../balancer/plan': src/conf may import src/base.",
    ]);
  });

  it('reads neither comments nor strings', () => {
    const text = `// import '../balancer/plan';\nconst a = "import '../balancer/plan'"; /* import('../balancer/plan') */`;
    expect(forbiddenImports(sources({ ...target, 'src/conf/parse.ts': text }))).toEqual([]);
  });

  it('lets types through where only types are allowed', () => {
    const from = `from '../measurement/snapshot';`;
    const check = (text: string) => forbiddenImports(sources({ ...target, 'src/protocol/run.ts': text }));
    expect(check(`import type { Snapshot } ${from}`)).toEqual([]);
    expect(check(`import { type Snapshot } ${from}`)).toEqual([]);
    expect(check(`import { type Snapshot, reduce } ${from}`)[0]).toContain(
      'types only: src/measurement, src/quiz, src/course',
    );
  });

  it('knows a place for every file', () => {
    expect(forbiddenImports(sources({ 'src/misc/things.ts': '' }))[0]).toContain('no rule says');
  });

  it('keeps vscode in the host and sockets in their few files', () => {
    const net = `import net from 'node:net';`;
    expect(forbiddenImports(sources({ 'src/lab/labRun.ts': net }))[0]).toContain('src/lab/portClaims');
    expect(forbiddenImports(sources({ 'src/lab/portClaims.ts': net, 'src/lab/balancerWorker.ts': net }))).toEqual([]);
    expect(forbiddenImports(sources({ 'src/course/a.ts': `import type { Uri } from 'vscode';` }))[0]).toContain(
      'src/host',
    );
    expect(forbiddenImports(sources({ 'src/host/a.ts': `import * as vscode from 'vscode';` }))).toEqual([]);
  });
});

describe('the other rules', () => {
  it.each([
    'Date.now()',
    'Math.random()',
    'performance.now()',
    'new Date()',
    'setTimeout(f, 1)',
    'globalThis.setInterval(f, 1)',
  ])('notice %s', (use) => expect(machineUses(sources({ 'src/lab/a.ts': `const x = ${use};` }))).toHaveLength(1));

  it('let injected clocks be', () => {
    const text = `clock.setTimeout(f, 1); const c = { setTimeout(f: () => void, ms: number): Timer { return t; } }; new Date(5);`;
    expect(machineUses(sources({ 'src/lab/a.ts': text }))).toEqual([]);
  });

  it('notice barrels', () => {
    expect(barrels(sources({ 'src/conf/index.ts': 'export const a = 1;' }))).toHaveLength(1);
    expect(
      barrels(sources({ 'src/conf/all.ts': `export * from './parse';\nexport { a } from './ast';` })),
    ).toHaveLength(1);
    expect(barrels(sources({ 'src/quiz/kinds/index.ts': `export * from './a';` }))).toEqual([]);
  });

  it('notice circles, however long', () => {
    const circle = {
      'src/a.ts': `import './b';`,
      'src/b.ts': `import { type C, c } from './c';`,
      'src/c.ts': `export { a } from './a';`,
    };
    expect(importCycles(sources({ ...circle, 'src/d.ts': `import './a';` }))).toEqual([
      'src/a.ts → src/b.ts → src/c.ts → src/a.ts',
    ]);
    expect(importCycles(sources({ 'src/a.ts': `import './b';`, 'src/b.ts': `import type { A } from './a';` }))).toEqual(
      [],
    );
  });
});
