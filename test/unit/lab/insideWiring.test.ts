import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { renderMessage } from '../../../src/base/message';
import { topologyOf } from '../../../src/lab/armWiring';
import { understandConf } from '../../../src/lab/labConf';
import type { ArmDefinition, LabDefinition } from '../../../src/lab/labDefinition';
import { labNamed } from '../../harness/labs';

/** An arm in two tiers: what clients reach, and what only the lab's own servers reach. */

const folder = 'labs/traffic-lab/rest-outside-grpc-inside';
const confOf = (name: string) => readFileSync(`${folder}/${name}.nginx.conf`, 'utf8');
let lab: LabDefinition;
let arm: ArmDefinition;
beforeAll(async () => {
  lab = await labNamed('rest-outside-grpc-inside');
  const found = lab.arms.find(({ id }) => id === 'rest-edge-grpc-inside');
  if (found === undefined) throw new Error('no such arm');
  arm = found;
});

const understood = (text: string) => {
  const read = understandConf(lab, arm, 'x.nginx.conf', text);
  if (!read.ok) throw new Error(read.error.map((one) => renderMessage(one.message)).join('\n'));
  return read.value.wiring;
};
const problemsOf = (text: string): string[] => {
  const read = understandConf(lab, arm, 'x.nginx.conf', text);
  return read.ok ? [] : read.error.map((one) => renderMessage(one.message));
};

describe('an arm whose servers ask others', () => {
  it('tells the tiers apart, and what is spoken to which service', () => {
    const protocols = (conf: string) =>
      understood(confOf(conf)).inside?.calls.map(({ service, protocol }) => `${service} ${protocol}`);
    expect(understood(confOf('grpc-inside')).inside).toMatchObject({
      listeners: ['127.0.0.1:28990'],
      servers: ['orders-a', 'orders-b', 'users-a'],
    });
    // The configuration says what is spoken inside; the edge server follows it.
    expect(protocols('grpc-inside')).toEqual(['orders grpc', 'users grpc']);
    expect(protocols('all-rest')).toEqual(['orders rest', 'users rest']);
  });

  it('is drawn from the client inwards, the balancer twice', () => {
    const { edges } = topologyOf(understood(confOf('grpc-inside')), 'REST');
    expect(edges.map(({ from, to }) => `${from}-${to}`)).toEqual([
      'client-balancer',
      'balancer-edge-a',
      'balancer-edge-b',
      'edge-a-inner',
      'edge-b-inner',
      'inner-orders-a',
      'inner-orders-b',
      'inner-users-a',
    ]);
  });

  it('says which listener is missing, or which service nobody offers', () => {
    expect(problemsOf(confOf('grpc-inside').replace('listen 127.0.0.1:28990', 'listen 127.0.0.1:28991'))).toEqual([
      'This lab sends its traffic to 127.0.0.1:28990, but nothing listens there.',
    ]);
    expect(problemsOf(confOf('grpc-inside').replace('grpc_pass grpc://users', 'grpc_pass grpc://orders'))).toEqual([
      'The edge asks 127.0.0.1:28990 for the service “users”, but no server behind it has that.',
    ]);
  });
});
