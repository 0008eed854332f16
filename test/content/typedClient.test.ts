import { execFile } from 'node:child_process';
import path from 'node:path';
import { expect, it } from 'vitest';

const file = 'labs/traffic-lab/rest-vs-grpc/typed-client.ts';

/** What the TypeScript compiler says of the lab's typed client: the one mistake that the reader is to see, and no other. */
it('the typed client is red at the wrong field and nowhere else, before it runs', async () => {
  const compiler = path.resolve('node_modules/typescript/bin/tsc');
  const output = await new Promise<string>((resolve) => {
    const args = ['--ignoreConfig', '--noEmit', '--strict', '--target', 'es2022', '--lib', 'es2022,dom', file];
    execFile(process.execPath, [compiler, ...args, '--pretty', 'false'], (_error, stdout) => resolve(stdout));
  });
  const errors = output.split('\n').filter((line) => line.includes('error TS'));
  expect(errors).toHaveLength(1);
  expect(errors[0]).toContain("error TS2322: Type 'string' is not assignable to type 'number'.");
  expect(errors[0]).toContain(`${file}(24,5)`);
});
