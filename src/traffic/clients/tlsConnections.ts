import { X509Certificate } from 'node:crypto';
import { Agent, type AgentOptions } from 'node:http';
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import type { TlsFinding } from '../../measurement/findings';
import { CHANNEL_EXPORT, CHANNEL_HEADER } from '../../protocol/backendWorker';
import type { Target } from '../targets';
import type { Answer } from '../workloads/workload';

/** A name that the lab's certificates are for; sent as SNI, which takes no address. */
const SERVER_NAME = 'localhost';

interface Seen {
  readonly channel: string;
  readonly fact: Omit<TlsFinding, 'decryptedBy' | 'connections'>;
  /** null: no answer has come over it yet. */
  decryptedBy: string | null;
}

/**
 * TLS connections to one target, checked against one authority, and what was agreed on each: whose certificate it was, and
 * who holds the other end. The latter is proven, not believed: only the two ends of a connection know its exported keying
 * material (RFC 9266), so a server that can tell it is the one that decrypts, and nobody in between could.
 */
export class TlsConnections {
  readonly #target: Target;
  readonly #authority: string;
  readonly #sockets = new WeakMap<Socket, Socket>();
  readonly #seen = new Map<Socket, Seen>();

  constructor(target: Target, authority: string) {
    this.#target = target;
    this.#authority = authority;
  }

  /** An agent whose connections are these. */
  agent(options: AgentOptions): Agent {
    const agent = new Agent(options);
    agent.createConnection = () => this.#open();
    return agent;
  }

  /** The TCP connection below. */
  carrierOf(socket: Socket | null): Socket | null {
    return socket === null ? null : (this.#sockets.get(socket) ?? socket);
  }

  /** An answer came over the connection. */
  answered(socket: Socket | null, answer: Answer): void {
    const seen = socket === null ? undefined : this.#seen.get(socket);
    if (seen === undefined) return;
    const told = answer.header(CHANNEL_HEADER);
    // One server that knows the channel has the other end; any other answer came through someone who has.
    seen.decryptedBy = told === seen.channel ? answer.by : (seen.decryptedBy ?? 'balancer');
  }

  /** Each different outcome of a handshake once, with its connections. */
  findings(): readonly TlsFinding[] {
    const found = new Map<string, TlsFinding>();
    for (const { fact, decryptedBy } of this.#seen.values()) {
      if (decryptedBy === null) continue;
      const key = [fact.certificate.fingerprint, fact.alpn, fact.version, decryptedBy].join('\n');
      found.set(key, { ...fact, decryptedBy, connections: (found.get(key)?.connections ?? 0) + 1 });
    }
    return [...found.values()].sort((a, b) => a.certificate.subject.localeCompare(b.certificate.subject, 'en'));
  }

  #open(): Socket {
    const carrier = connectTcp(this.#target.port, this.#target.host);
    carrier.setNoDelay(true);
    const socket = connectTls({
      socket: carrier,
      servername: SERVER_NAME,
      ca: this.#authority,
      ALPNProtocols: ['http/1.1'],
    });
    this.#sockets.set(socket, carrier);
    socket.once('secureConnect', () => this.#secured(socket));
    return socket;
  }

  #secured(socket: TLSSocket): void {
    const certificate = new X509Certificate(socket.getPeerCertificate().raw);
    const { label, length, shown } = CHANNEL_EXPORT;
    this.#seen.set(socket, {
      channel: socket.exportKeyingMaterial(length, label, Buffer.alloc(0)).toString('hex', 0, shown),
      fact: {
        certificate: {
          subject: nameOf(certificate.subject),
          issuer: nameOf(certificate.issuer),
          fingerprint: certificate.fingerprint256,
        },
        alpn: typeof socket.alpnProtocol === 'string' ? socket.alpnProtocol : '',
        version: socket.getProtocol() ?? '',
      },
      decryptedBy: null,
    });
  }
}

/** "O=Traffic Lab, CN=users-a": node gives each part on a line of its own. */
function nameOf(name: string): string {
  return name.split('\n').join(', ');
}
