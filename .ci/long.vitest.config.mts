import { defineConfig, mergeConfig } from 'vitest/config';
import standard from '../vitest.config.mts';

/** `npm run test:long`: what takes minutes. The standard tests and their groups are taken out. */
const merged = mergeConfig(standard, { test: { testTimeout: 600_000, hookTimeout: 120_000, passWithNoTests: true } });
/** What is generated is generated anew, and more of it; a failure prints the seed. */
const env = {
  DIFFERENTIAL_TIMES: process.env.DIFFERENTIAL_TIMES ?? '10',
  DIFFERENTIAL_SEED: process.env.DIFFERENTIAL_SEED ?? String(Math.floor(Math.random() * 2 ** 31)),
};
const generated = '{conf,policy}Differential,policyDifferentialHeld,{http,phases}DifferentialGenerated';
const include = ['test/long/**/*.test.ts', `test/integration/{${generated}}.test.ts`];
export default defineConfig({ ...merged, test: { ...merged.test, projects: undefined, env, include } });
