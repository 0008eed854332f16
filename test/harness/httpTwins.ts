import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { expect } from 'vitest';
import { type Balancer, startBalancer } from '../../src/balancer/balancer';
import { readPlan } from '../../src/balancer/buildPlan';
import { systemClock } from '../../src/base/clock';
import { renderMessage } from '../../src/base/message';
import { seededRandom } from '../../src/base/random';
import { EchoBackends } from './echoBackends';
import { HttpConnection, type RawResponse } from './httpConnection';
import { freePorts, httpTempPaths, type RunningNginx, startNginx, testConf } from './nginx';

/*
 * One configuration run by the installed nginx and by the balancer, in front of the same backends: every response has to
 * be the same. nginx goes first, so what it says is what is expected.
 */

export const LIVE = 3;
export const DEAD = 2;

/** The ports that configurations speak of. */
export interface TwinPorts {
  readonly front: number;
  /** Of backends that answer, in the order of their index. */
  readonly live: readonly number[];
  /** Where connections are refused. */
  readonly dead: readonly number[];
}

/** A request, as it goes over the wire. */
export interface TwinRequest {
  readonly method?: string;
  readonly target?: string;
  readonly version?: '1.0' | '1.1';
  readonly host?: string | null;
  readonly fields?: readonly string[];
  /** What backends do with it (EchoBackends). */
  readonly deeds?: string;
  readonly body?: string;
  /** Sizes of the chunks that the body is sent in; absent: with Content-Length. */
  readonly chunks?: readonly number[];
  /** The bytes themselves, instead of all that. */
  readonly raw?: string;
  /** On a connection of its own. */
  readonly fresh?: boolean;
}

export function bytesOf(request: TwinRequest): string {
  if (request.raw !== undefined) return request.raw;
  const {
    method = 'GET',
    target = '/',
    version = '1.1',
    host = 'lab.example',
    fields = [],
    deeds,
    body,
    chunks,
  } = request;
  const lines = [`${method} ${target} HTTP/${version}`];
  if (host !== null) lines.push(`Host: ${host}`);
  if (deeds !== undefined) lines.push(`X-Do: ${deeds}`);
  lines.push(...fields);
  let sent = body ?? '';
  if (chunks !== undefined) {
    lines.push('X-Chunked: yes', 'Transfer-Encoding: chunked');
    sent = inChunks(sent, chunks);
  } else if (body !== undefined) lines.push(`Content-Length: ${body.length}`);
  return `${lines.join('\r\n')}\r\n\r\n${sent}`;
}

function inChunks(body: string, sizes: readonly number[]): string {
  let text = '';
  let at = 0;
  for (let i = 0; at < body.length; i++) {
    const piece = body.slice(at, at + Math.max(1, sizes[i % sizes.length] ?? body.length));
    text += `${piece.length.toString(16)}\r\n${piece}\r\n`;
    at += piece.length;
  }
  return `${text}0\r\n\r\n`;
}

/** Backends and ports for all configurations of one test file. */
export class TwinStage {
  readonly backends = new EchoBackends();
  readonly folder = mkdtempSync(join(tmpdir(), 'traffic-lab-twins-'));
  ports: TwinPorts = { front: 0, live: [], dead: [] };

  async open(): Promise<void> {
    const [front = 0, ...rest] = await freePorts(1 + LIVE + DEAD);
    this.ports = { front, live: rest.slice(0, LIVE), dead: rest.slice(LIVE) };
    for (const port of this.ports.live) await this.backends.listen(port);
  }

  async close(): Promise<void> {
    await this.backends.close();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** A whole file around what stands in `http {}`; nginx is also told where to put temporary files of every module. */
  file(http: string, temporary = ''): string {
    return `events {}\nhttp { ${temporary} access_log off; server_tokens off;\n${http}\n}\n`;
  }

  /**
   * Sends the requests through both, one after the other, and expects the same responses. Where nginx refuses the file the
   * balancer has to refuse it as well. Returns what nginx answered; null: the file is refused.
   */
  async compare(http: string, requests: readonly TwinRequest[]): Promise<readonly Shown[] | null> {
    const text = this.file(http);
    const plan = readPlan({ path: join(this.folder, 'nginx.conf'), text });
    const forNginx = this.file(http, httpTempPaths);
    const nginx = await startNginx(forNginx).catch(() => null);
    if (nginx === null || !plan.ok) {
      const judged = nginx === null ? await testConf(forNginx) : { good: true, output: '' };
      await nginx?.stop();
      const ours = plan.ok ? [] : plan.error.map((problem) => renderMessage(problem.message));
      expect({ good: plan.ok, ours }, `${judged.output}\n${text}`).toEqual({
        good: judged.good,
        ours: judged.good ? [] : ours,
      });
      return null;
    }
    const logs: string[] = [];
    const started = await startBalancer({
      plan: plan.value,
      conf: { path: join(this.folder, 'nginx.conf') },
      clock: systemClock(),
      random: seededRandom(1),
      ports: 'any',
      addresses: {},
      listeners: null,
      log: (level, line) => logs.push(`[${level}] ${line}`),
      onReport: () => {},
      prefix: this.folder,
    });
    if (!started.ok) throw new Error(started.error.map((problem) => renderMessage(problem.message)).join('\n'));
    try {
      return await this.#sameAnswers(nginx, started.value, requests, text, logs);
    } finally {
      await started.value.close();
      await nginx.stop();
    }
  }

  async #sameAnswers(
    nginx: RunningNginx,
    balancer: Balancer,
    requests: readonly TwinRequest[],
    text: string,
    logs: readonly string[],
  ): Promise<readonly Shown[]> {
    const actual = Number(balancer.listeners[0]?.actual.split(':').pop());
    const theirs = await askAll(this.ports.front, requests);
    const ours = await askAll(actual, requests);
    const differing = requests.flatMap((_, i) => (isDeepStrictEqual(ours[i], theirs[i]) ? [] : [i]));
    const told = differing.map((i) => `${i}: ${JSON.stringify(bytesOf(requests[i] ?? {}).slice(0, 300))}`).join('\n');
    const context = `${text}\n${told}\nnginx:\n${tail(nginx.log())}\nours:\n${logs.slice(-12).join('\n')}`;
    expect(
      differing.map((i) => ours[i]),
      context,
    ).toEqual(differing.map((i) => theirs[i]));
    return theirs;
  }
}

function tail(log: string): string {
  return log.trimEnd().split('\n').slice(-12).join('\n');
}

async function askAll(port: number, requests: readonly TwinRequest[]): Promise<Shown[]> {
  const shown: Shown[] = [];
  let connection = new HttpConnection(port);
  for (const request of requests) {
    if (request.fresh === true || connection.closed) {
      connection.close();
      connection = new HttpConnection(port);
    }
    connection.send(bytesOf(request));
    shown.push(show(await connection.response(request.method === 'HEAD'), request, port));
  }
  connection.close();
  return shown;
}

/** A response without what may differ: the date, the name of the server, and the port that each of them listens on. */
export interface Shown {
  readonly status: number | 'closed';
  readonly startLine: string;
  readonly interim: readonly number[];
  readonly fields: readonly string[];
  readonly framing: string;
  readonly closed: boolean;
  readonly body: string;
}

const PRODUCT = /<center>(nginx|traffic-lab)<\/center>/;

function show(response: RawResponse | null, request: TwinRequest, port: number): Shown {
  if (response === null) {
    return { status: 'closed', startLine: '', interim: [], fields: [], framing: 'none', closed: true, body: '' };
  }
  const { status, startLine, interim, framing, closed } = response;
  const portless = (text: string) => text.replaceAll(String(port), 'PORT');
  const ownPage = PRODUCT.test(response.body);
  const sized = ownPage || request.method === 'HEAD' || portless(response.body) !== response.body;
  const fields = response.fields
    .map(([name, value]) => {
      if (name === 'date') return 'date';
      if (name === 'server') return 'server';
      // The body itself is compared; its own page is as much longer as the name in it.
      if (name === 'content-length' && sized && status >= 300) return 'content-length';
      return `${name}: ${portless(value)}`;
    })
    .sort();
  return {
    status,
    startLine,
    interim,
    fields,
    framing,
    closed,
    body: portless(response.body.replace(PRODUCT, '<center>…</center>')),
  };
}
