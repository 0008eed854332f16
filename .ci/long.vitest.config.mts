import { defineConfig, mergeConfig } from 'vitest/config';
import standard from '../vitest.config.mts';

/** `npm run test:long`: what takes minutes. Vitest adds lists when it merges, so the standard tests are taken out. */
const merged = mergeConfig(standard, { test: { testTimeout: 600_000, hookTimeout: 120_000, passWithNoTests: true } });
export default defineConfig({ ...merged, test: { ...merged.test, include: ['test/long/**/*.test.ts'] } });
