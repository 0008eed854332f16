import type { Server } from 'node:net';

const LOOPBACK = '127.0.0.1';

/**
 * Binds a server to loopback: to the declared port, or, where that is taken or not allowed, to one that the system
 * gives. Resolves to the port bound; rejects with the system's error for anything else.
 */
export async function listenOnLoopback(server: Server, declaredPort: number): Promise<number> {
  try {
    return await bind(server, declaredPort);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (declaredPort === 0 || (code !== 'EADDRINUSE' && code !== 'EACCES')) throw error;
    return await bind(server, 0);
  }
}

function bind(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const refused = (error: Error): void => {
      server.off('listening', bound);
      reject(error);
    };
    const bound = (): void => {
      server.off('error', refused);
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : port);
    };
    server.once('error', refused);
    server.once('listening', bound);
    // The kernel's backlog: with a new connection for each request, bursts wait here rather than being refused.
    server.listen({ host: LOOPBACK, port, backlog: 1024 });
  });
}
