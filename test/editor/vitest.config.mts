import { defineConfig } from 'vitest/config';

// One window after the other: two VS Codes at once on a small machine only slow each other down.
export default defineConfig({
  test: {
    include: ['test/editor/**/*.spec.ts'],
    fileParallelism: false,
    testTimeout: 240_000,
    hookTimeout: 120_000,
  },
});
