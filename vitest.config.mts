import { readFileSync } from 'node:fs';
import { defineConfig } from 'vitest/config';

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
    include: ['test/{unit,conformance,content,integration}/**/*.test.ts'],
    testTimeout: 30_000,
    hookTimeout: 30_000,
    // Concurrent tests are those that wait for traffic of a set rate; more at once would disturb what they measure.
    maxConcurrency: 2,
  },
});
