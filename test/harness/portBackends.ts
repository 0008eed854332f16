import { once } from 'node:events';
import { Agent, createServer as createHttpServer, request as httpRequest, type ServerResponse } from 'node:http';
import { connect, createServer, type Server, type Socket } from 'node:net';

/*
 * The smallest backends that tell who was chosen: each answers with its own port. And clients for them, through nginx.
 */

export interface PortBackend {
  readonly port: number;
  close(): Promise<void>;
}

/**
 * Answers every request with its port; one whose path begins with /hold stays unanswered until letGo(id), and one whose
 * X-Fail header lists the port loses its connection without an answer.
 */
export class HttpPortBackends {
  readonly #servers = new Map<number, Server>();
  readonly #held = new Map<string, ServerResponse>();
  readonly #awaited = new Map<string, (port: number) => void>();

  async listen(port: number): Promise<void> {
    const server = createHttpServer((request, response) => {
      request.resume();
      if (
        String(request.headers['x-fail'] ?? '')
          .split(' ')
          .includes(String(port))
      ) {
        request.socket.destroy();
        return;
      }
      const held = /\/hold\/(\w+)/.exec(request.url ?? '')?.[1];
      if (held === undefined) response.end(String(port));
      else {
        this.#held.set(held, response);
        this.#awaited.get(held)?.(port);
      }
    });
    await listening(server, port);
    this.#servers.set(port, server);
  }

  /** Resolves with the port at which the request held under this id arrives. */
  arrival(id: string): Promise<number> {
    return new Promise((resolve) => this.#awaited.set(id, resolve));
  }

  letGo(id: string): void {
    this.#held.get(id)?.end('held');
    this.#held.delete(id);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#servers.values()].map(closed));
    this.#servers.clear();
  }
}

/** Writes its port to every connection. Unless the client asked to hold the connection, closes it then. */
export class TcpPortBackends {
  readonly #servers = new Map<number, Server>();
  readonly #held = new Map<string, Promise<unknown>>();

  async listen(port: number): Promise<void> {
    const server = createServer((socket) => {
      socket.on('error', () => {});
      socket.once('data', (data) => {
        const held = /hold (\w+)\n/.exec(data.toString())?.[1];
        if (held === undefined) socket.end(String(port));
        else {
          this.#held.set(held, once(socket, 'close'));
          socket.write(String(port));
          socket.resume();
        }
      });
    });
    await listening(server, port);
    this.#servers.set(port, server);
  }

  /** Resolves when the held connection has ended here, and so in the balancer. */
  async gone(id: string): Promise<void> {
    await this.#held.get(id);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#servers.values()].map(closed));
    this.#servers.clear();
  }
}

async function listening(server: Server, port: number): Promise<void> {
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    (server as { closeAllConnections?: () => void }).closeAllConnections?.();
  });
}

/** One GET over a kept connection; resolves with the answer's status, headers and body. */
export class HttpClient {
  readonly #agent = new Agent({ keepAlive: true });

  get(port: number, path: string, headers: Readonly<Record<string, string>>) {
    return new Promise<{ status: number; tried: string; body: string }>((resolve, reject) => {
      const request = httpRequest({ host: '127.0.0.1', port, path, headers, agent: this.#agent }, (response) => {
        let body = '';
        response.setEncoding('latin1');
        response.on('data', (chunk: string) => {
          body += chunk;
        });
        response.on('error', reject);
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, tried: String(response.headers['x-tried'] ?? ''), body }),
        );
      });
      request.on('error', reject);
      request.end();
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}

/** One TCP connection that says `hello` and reads a port; null where the balancer closed it without one. */
export async function askTcp(port: number, hello: string): Promise<{ answer: string | null; socket: Socket }> {
  const socket = connect(port, '127.0.0.1');
  socket.write(hello);
  const answer = await new Promise<string | null>((resolve) => {
    socket.once('data', (data) => resolve(data.toString()));
    socket.once('close', () => resolve(null));
    socket.on('error', () => {});
  });
  return { answer, socket };
}
