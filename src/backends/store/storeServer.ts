import { createServer, type Server, type Socket } from 'node:net';
import type { Clock, Timer } from '../../base/clock';
import type { Disposable } from '../../base/dispose';
import { listenOnLoopback } from '../listen';
import { Keyspace } from './keyspace';
import { encodeReply, error } from './respReplies';
import { ProtocolError, RequestParser, STRANGER_LIMITS, TRUSTED_LIMITS } from './respRequests';
import { runCommand, type StoreSession, type StoreState } from './storeCommands';

const DATABASES = 16;
const MAX_BYTES = 67_108_864;
const MAX_CONNECTIONS = 1_000;
const SWEEP_MS = 1_000;

export interface StoreServerOptions {
  readonly clock: Clock;
  /** As declared; 0: any. Where it is taken the system gives another. */
  readonly port: number;
  /** null: none is asked for. */
  readonly password: string | null;
}

/**
 * The store in the box: speaks as much of Redis as sessions need, over RESP2 and RESP3, on loopback only. It keeps
 * everything in memory and forgets it when it ends, as a Redis without persistence does.
 */
export class StoreServer implements Disposable {
  readonly #server: Server = createServer({ noDelay: true });
  readonly #sockets = new Set<Socket>();
  readonly #counts = { connectionsAccepted: 0, connectionsOpen: 0, commands: 0 };
  readonly #sweeper: Timer;
  readonly #options: StoreServerOptions;
  readonly #databases: readonly Keyspace[];
  #state: StoreState;

  private constructor(options: StoreServerOptions) {
    this.#options = options;
    const { clock, password } = options;
    this.#databases = Array.from({ length: DATABASES }, () => new Keyspace(clock));
    this.#state = {
      clock,
      password,
      databases: this.#databases,
      maxBytes: MAX_BYTES,
      startedAt: clock.now(),
      port: options.port,
      counts: this.#counts,
    };
    this.#sweeper = clock.setInterval(() => {
      for (const database of this.#databases) database.sweep();
    }, SWEEP_MS);
    this.#server.on('connection', (socket) => this.#accept(socket));
  }

  /** Rejects if no port can be bound. */
  static async start(options: StoreServerOptions): Promise<StoreServer> {
    const store = new StoreServer(options);
    try {
      const port = await listenOnLoopback(store.#server, options.port);
      store.#state = { ...store.#state, port };
      return store;
    } catch (failure) {
      store.#sweeper.cancel();
      throw failure;
    }
  }

  get port(): number {
    return this.#state.port;
  }

  /** Cuts every connection at once and gives the port back. */
  async dispose(): Promise<void> {
    this.#sweeper.cancel();
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #accept(socket: Socket): void {
    this.#sockets.add(socket);
    this.#counts.connectionsAccepted += 1;
    this.#counts.connectionsOpen += 1;
    socket.once('close', () => {
      this.#sockets.delete(socket);
      this.#counts.connectionsOpen -= 1;
    });
    // A client that resets is no error of the store.
    socket.on('error', () => {});
    if (this.#sockets.size > MAX_CONNECTIONS) {
      socket.end(encodeReply(error('ERR max number of clients reached'), 2));
      return;
    }
    const session: StoreSession = {
      id: this.#counts.connectionsAccepted,
      store: this.#state,
      protocol: 2,
      name: '',
      database: 0,
      authenticated: this.#options.password === null,
      closing: false,
    };
    const parser = new RequestParser(session.authenticated ? TRUSTED_LIMITS : STRANGER_LIMITS);
    socket.on('data', (bytes: Buffer) => {
      const replies = this.#answer(bytes, parser, session);
      if (session.closing) {
        // The reply goes out whole; what else the client sends is read by nobody.
        socket.removeAllListeners('data').resume();
        socket.end(replies);
        return;
      }
      // A client that sends and never reads must not fill the memory with replies.
      if (replies.length > 0 && !socket.write(replies)) {
        socket.pause();
        socket.once('drain', () => socket.resume());
      }
    });
  }

  #answer(bytes: Buffer, parser: RequestParser, session: StoreSession): Buffer {
    const replies: Buffer[] = [];
    try {
      parser.push(bytes);
      while (!session.closing) {
        const words = parser.next();
        if (words === null) break;
        this.#counts.commands += 1;
        replies.push(encodeReply(runCommand(words, session), session.protocol));
        if (session.authenticated) parser.setLimits(TRUSTED_LIMITS);
      }
    } catch (failure) {
      if (!(failure instanceof ProtocolError)) throw failure;
      replies.push(encodeReply(error(`ERR Protocol error: ${failure.message}`), session.protocol));
      session.closing = true;
    }
    return Buffer.concat(replies);
  }
}
