import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { servingBackends, topologyOf } from '../../../src/lab/armWiring';
import { understandConf } from '../../../src/lab/labConf';
import { armOver, type LabDefinition } from '../../../src/lab/labDefinition';
import { labNamed } from '../../harness/labs';

const folder = 'labs/traffic-lab/api-gateway';
const gateway = readFileSync(`${folder}/gateway.nginx.conf`, 'utf8');
let lab: LabDefinition;
beforeAll(async () => {
  lab = await labNamed('api-gateway');
});

function wiringOf(text: string, protocol: 'rest' | 'grpc' = 'rest') {
  const arm = lab.arms.find(({ id }) => id === 'authenticated');
  if (arm === undefined) throw new Error('no arm');
  const understood = understandConf(lab, armOver(arm, protocol), 'gateway.nginx.conf', text);
  if (!understood.ok) throw new Error(JSON.stringify(understood.error));
  return understood.value.wiring;
}

const edgesOf = (text: string, protocol?: 'rest' | 'grpc') =>
  topologyOf(wiringOf(text, protocol), '').edges.map(({ from, to, asks }) => `${from} ${asks ? '?' : '>'} ${to}`);

describe('the picture of a gateway', () => {
  it('has the stages in the order in which nginx asks them, whatever the order of the lines', () => {
    const edges = [
      'client > route',
      'route > auth',
      'auth > users',
      'route > limit',
      'limit > auth',
      'auth > orders',
      'route > static',
      'auth ? verifier',
    ];
    expect(edgesOf(gateway)).toEqual(edges);
    const turned = gateway.replace(
      /( {12}limit_req zone[^;]*;\n {12}limit_req_status 429;\n)( {12}auth_request \/verify;\n)/,
      '$2$1',
    );
    expect(turned).not.toBe(gateway);
    expect(edgesOf(turned)).toEqual(edges);
  });

  it('has no files where the listener has none', () => {
    expect(edgesOf(gateway, 'grpc')).not.toContain('route > static');
  });

  it('says beside each stage what the file says of it', () => {
    const nodes = topologyOf(wiringOf(gateway), 'REST').nodes.filter(({ kind }) => kind === 'stage');
    expect(nodes.map(({ id, detail }) => [id, detail])).toEqual([
      ['route', '127.0.0.1:28480'],
      ['limit', '10 r/s, burst 5'],
      ['auth', 'auth_request /verify'],
      ['static', 'root'],
    ]);
  });

  it('loses a stage with its lines, and is an ordinary balancer without any', () => {
    expect(edgesOf(gateway.replaceAll(/ +auth_request \/verify;\n/g, ''))).toEqual([
      'client > route',
      'route > users',
      'route > limit',
      'limit > orders',
      'route > static',
    ]);
    const open = readFileSync(`${folder}/open.nginx.conf`, 'utf8');
    expect(edgesOf(open)).toEqual(['client > balancer', 'balancer > users', 'balancer > orders']);
  });

  it('leaves the verifier out of those among whom requests are split', () => {
    const ids = servingBackends(wiringOf(gateway)).map(({ id }) => id);
    expect(ids).toEqual(['users', 'orders']);
    expect(wiringOf(gateway).backends.map(({ id }) => id)).toContain('verifier');
  });
});
