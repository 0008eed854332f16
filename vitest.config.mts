import { readFileSync } from 'node:fs';
import { defineConfig } from 'vitest/config';

/** Tests that hold latencies or rates against each other: nothing else runs beside them. */
export const measuring = [
  'algorithms',
  'apiGateway',
  'exercisesMeasured',
  'limit*',
  'oneVsMany',
  'reloadUnderLoad',
  'rest*',
  'traffic',
].map((name) => `test/integration/${name}.test.ts`);

/** The others, which for the most part wait: two at a time. */
const waiting = ['test/{unit,conformance,content,integration}/**/*.test.ts'];

export default defineConfig({
  plugins: [
    {
      // The same as esbuild's text loader, so that sources that import a .proto run unbundled in tests.
      name: 'proto-as-text',
      load(id: string) {
        return id.endsWith('.proto') ? `export default ${JSON.stringify(readFileSync(id, 'utf8'))}` : undefined;
      },
    },
  ],
  test: {
    testTimeout: 30_000,
    hookTimeout: 30_000,
    // Concurrent tests are those that wait for traffic of a set rate, and count it.
    maxConcurrency: 4,
    projects: [
      {
        extends: true,
        test: {
          name: 'waiting',
          include: waiting,
          exclude: measuring,
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: { name: 'measuring', include: measuring, maxWorkers: 1, sequence: { groupOrder: 1 } },
      },
    ],
  },
});
