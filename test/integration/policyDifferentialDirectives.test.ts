import { describe, expect, test } from 'vitest';
import { policies } from '../../src/balancer/policies';
import { httpTempPaths, nginxIsMissing, testConf } from '../harness/nginx';
import { directive } from '../harness/upstreams';

describe.skipIf(nginxIsMissing)('the same directives as nginx', () => {
  test.each([
    'least_conn',
    'least_conn now',
    'ip_hash',
    'ip_hash 3',
    'hash $remote_addr',
    'hash ""',
    'hash constant consistent',
    'hash',
    'hash $remote_addr consistant',
    'hash $remote_addr consistent 160',
    'random',
    'random one',
    'random two',
    'random two least_conn',
    'random two least_conns',
    'random two least_conn 1',
  ])('%s', async (written) => {
    const head = directive(written);
    for (const context of ['http', 'stream'] as const) {
      const policy = policies.find((one) => one.directive === head.name.value && one.contexts.includes(context));
      const { good, output } = await testConf(
        `events {}\n${context} { ${context === 'http' ? httpTempPaths : ''} upstream u { ${written}; server 127.0.0.1:1; } }`,
      );
      expect(policy?.parse(head).ok === true, `${context}: ${output}`).toBe(good);
    }
  });

  test('which policies take a backup below them', async () => {
    const written = { least_conn: 'least_conn', ip_hash: 'ip_hash', hash: 'hash $remote_addr', random: 'random' };
    for (const [name, text] of Object.entries(written)) {
      const servers = 'server 127.0.0.1:1; server 127.0.0.1:2 backup;';
      const { good, output } = await testConf(
        `events {}\nhttp { ${httpTempPaths} upstream u { ${text}; ${servers} } }`,
      );
      expect(policies.find((policy) => policy.name === name)?.allowsBackup, output).toBe(good);
    }
  });
});
