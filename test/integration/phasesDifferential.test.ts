import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TwinStage } from '../harness/httpTwins';
import { nginxIsMissing } from '../harness/nginx';
import {
  authCases,
  coreCases,
  dynamicCases,
  errorPageCases,
  lazyCases,
  type PhaseCase,
  preaccessCases,
  rewriteCases,
  rewriteDirectiveCases,
} from './phasesDifferential.cases';

/*
 * The request phases, the same file and requests through the installed nginx and through the balancer: statuses, header
 * fields and bodies have to be the same.
 */

const stage = new TwinStage();
let service: Server;
let auth = 0;

/** Says the status in `x-auth`, and with 401 how to do better. */
async function startAuthService(): Promise<void> {
  service = createServer((request, response) => {
    const wanted = String(request.headers['x-auth'] ?? '200');
    if (wanted === 'close') {
      request.socket.destroy();
      return;
    }
    response.statusCode = Number(wanted);
    response.setHeader('X-User', `tom of ${request.headers['x-original-uri']} by ${request.headers['x-sub']}`);
    if (wanted === '401') response.setHeader('WWW-Authenticate', 'Bearer realm="lab"');
    response.end(wanted === '204' ? undefined : 'said');
  });
  service.listen(0, '127.0.0.1');
  await once(service, 'listening');
  const address = service.address();
  auth = typeof address === 'object' && address !== null ? address.port : 0;
}

beforeAll(async () => {
  await stage.open();
  await startAuthService();
});
afterAll(async () => {
  service.close();
  service.closeAllConnections();
  await stage.close();
});

function sameFor(cases: readonly PhaseCase[]): void {
  it.for(cases.map((each) => [each.name, each] as const))('%s', async ([, { http, requests }]) => {
    expect(await stage.compare(http({ ...stage.ports, auth }), requests)).toHaveLength(requests.length);
  });
}

describe.skipIf(nginxIsMissing)('nginx and the balancer do the same', () => {
  describe('in the rewrite phase', () => sameFor(rewriteCases));
  describe('with rewritten paths', () => sameFor(rewriteDirectiveCases));
  describe('by the rules of the core', () => sameFor(coreCases));
  describe('with variables made from others', () => sameFor(lazyCases));
  describe('with addresses that only the request knows', () => sameFor(dynamicCases));
  describe('when an error page stands in', () => sameFor(errorPageCases));
  describe('when a subrequest decides', () => sameFor(authCases));
  describe('before access', () => sameFor(preaccessCases));
});
