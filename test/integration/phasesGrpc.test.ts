import * as grpc from '@grpc/grpc-js';
import { afterEach, describe, expect, it } from 'vitest';
import { freePorts, httpTempPaths, nginxIsMissing, startNginx } from '../harness/nginx';
import { echoHandlers, grpcClient, startGrpc, unary } from './grpcRig';
import { closeAll, closeLater, startRig } from './proxyRig';

/*
 * What a gRPC client sees of limits, of a service that decides, and of error pages: the same through nginx and through
 * the balancer, with the official client.
 */

afterEach(closeAll);

interface Seen {
  readonly code: number;
  readonly details: string;
  readonly value: string | undefined;
  readonly extra: readonly unknown[];
}

/** Asks both fronts the same and gives what each of them said. `http`: what stands in `http {}`, for a front port and one where nobody is. */
async function both(
  http: (front: number, dead: number) => string,
  calls: readonly Readonly<Record<string, string>>[],
): Promise<{ readonly nginx: Seen[]; readonly ours: Seen[] }> {
  const [front = 0, dead = 0] = await freePorts(2);
  const text = http(front, dead);
  const nginx = await startNginx(`events {}\nhttp { ${httpTempPaths} access_log off; ${text} }`);
  closeLater(() => nginx.stop());
  const theirs = await ask(front, calls);
  const rig = await startRig(`http { ${text} }`);
  return { nginx: theirs, ours: await ask(rig.port(), calls) };
}

async function ask(port: number, calls: readonly Readonly<Record<string, string>>[]): Promise<Seen[]> {
  const client = grpcClient(port);
  const seen: Seen[] = [];
  for (const fields of calls) {
    const metadata = new grpc.Metadata();
    for (const [name, value] of Object.entries(fields)) metadata.set(name, value);
    const result = await unary(client, 'hello', metadata);
    const extra = [...result.metadata.get('x-extra'), ...result.trailers.get('x-extra')];
    seen.push({ code: result.code, details: result.details, value: result.value?.toString(), extra });
  }
  return seen;
}

const codes = (seen: readonly Seen[]) => seen.map(({ code }) => code);

/** Answers gRPC clients in their own words. */
const inGrpc = (name: string, code: number, text: string) =>
  `location ${name} { internal; default_type application/grpc; add_header grpc-status ${code} always;
     add_header grpc-message "${text}" always; return 204; }`;

describe.skipIf(nginxIsMissing)('a gRPC client', () => {
  it('sees UNAVAILABLE when a limit refuses it', async () => {
    const { port } = await startGrpc(echoHandlers());
    const { nginx, ours } = await both(
      (front) => `limit_req_zone $http_x_key zone=z:1m rate=1r/m;
        server { listen 127.0.0.1:${front} http2; location / { limit_req zone=z; grpc_pass grpc://127.0.0.1:${port}; } }`,
      [{ 'x-key': 'a' }, { 'x-key': 'a' }, { 'x-key': 'b' }],
    );
    expect(codes(ours)).toEqual([grpc.status.OK, grpc.status.UNAVAILABLE, grpc.status.OK]);
    expect(codes(nginx)).toEqual(codes(ours));
  });

  it('sees RESOURCE_EXHAUSTED where error_page leads to a location that says so', async () => {
    const { port } = await startGrpc(echoHandlers());
    const { nginx, ours } = await both(
      (front) => `limit_req_zone $http_x_key zone=z:1m rate=1r/m;
        server { listen 127.0.0.1:${front} http2;
          location / { limit_req zone=z; limit_req_status 429; error_page 429 = @limited;
            grpc_pass grpc://127.0.0.1:${port}; }
          ${inGrpc('@limited', 8, 'too many requests')} }`,
      [{ 'x-key': 'a' }, { 'x-key': 'a' }, { 'x-key': 'b' }],
    );
    expect(ours[1]).toEqual({ code: 8, details: 'too many requests', value: undefined, extra: [] });
    expect(ours[2]?.value).toBe('hello');
    expect(nginx).toEqual(ours);
  });

  it('is never limited where return answers: it runs first', async () => {
    const { nginx, ours } = await both(
      (front) => `limit_req_zone $server_port zone=z:1m rate=1r/m;
        server { listen 127.0.0.1:${front} http2;
          location / { limit_req zone=z; default_type application/grpc; add_header grpc-status 12 always; return 204; } }`,
      [{}, {}, {}],
    );
    expect(codes(ours)).toEqual([12, 12, 12]);
    expect(nginx).toEqual(ours);
  });

  it('is let in or not by a subrequest, its call untouched', async () => {
    const { port } = await startGrpc(echoHandlers());
    const { nginx, ours } = await both(
      (front) => `server { listen 127.0.0.1:${front} http2;
          location / { auth_request /auth; auth_request_set $who $sent_http_x_who; grpc_set_header x-who $who;
            error_page 401 = @unknown; error_page 403 = @forbidden; error_page 502 = @down;
            add_header x-extra "key $http_x_key";
            grpc_pass grpc://127.0.0.1:${port}; }
          location = /auth { internal; if ($http_x_key = good) { return 204; } if ($http_x_key = bad) { return 403; } return 401; }
          ${inGrpc('@unknown', 16, 'who are you')} ${inGrpc('@forbidden', 7, 'not you')} ${inGrpc('@down', 14, 'gone')} }`,
      [{ 'x-key': 'good' }, {}, { 'x-key': 'bad' }, { 'x-key': 'good' }],
    );
    expect(codes(ours)).toEqual([0, 16, 7, 0]);
    expect(ours[0]).toEqual({ code: 0, details: 'OK', value: 'hello', extra: ['key good'] });
    expect(nginx).toEqual(ours);
  });

  it('is told in its own words when no server is left, and led by variables to one', async () => {
    const { port } = await startGrpc(echoHandlers());
    const { nginx, ours } = await both(
      (front, dead) => `map $http_x_to $to { default live; dead 127.0.0.1:${dead}; }
        upstream live { server 127.0.0.1:${port}; }
        server { listen 127.0.0.1:${front} http2;
          location / { error_page 502 504 = @down; grpc_pass grpc://$to; } ${inGrpc('@down', 14, 'nobody there')} }`,
      [{}, { 'x-to': 'dead' }, { 'x-to': 'live' }],
    );
    expect(ours[1]).toEqual({ code: 14, details: 'nobody there', value: undefined, extra: [] });
    expect(codes(ours)).toEqual([0, 14, 0]);
    expect(nginx).toEqual(ours);
  });
});
