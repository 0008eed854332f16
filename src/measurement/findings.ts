import type { Latency, StageCounts } from './snapshot';

/**
 * What a run found beside the common counts. Every field is measured, and absent where the lab does not ask for it; the
 * names are those of the result object (`lab run … --json`).
 */
export interface Findings extends ClientFindings {
  /** Requests of the busiest server over the mean of all that were to serve; 1 is perfectly even. Absent without answers. */
  readonly maxOverMean?: number;
  /** Of each server's answers as the clients saw them. */
  readonly serverLatency?: readonly ({ readonly id: string } & Latency)[];
  /** Share of answers that were no error (HTTP below 500, gRPC none of the server's fault) among all requests sent, in %. */
  readonly availability?: number;
  /**
   * CPU time of the balancer's thread per answered request, µs, the system's work for it included; garbage is collected
   * by other threads and in no count. Absent until the run is over, and where the system does not tell.
   */
  readonly balancerCpuMicros?: number;
  /** Of a gateway, in the order in which requests pass them. */
  readonly stages?: readonly StageCounts[];
  /** Where sessions are kept: "memory" (of each server), "built-in", "redis-server 7.0.15", "redis://127.0.0.1:6379". */
  readonly store?: string;
  /** Hop by hop, from the client inwards; where servers ask others. */
  readonly hops?: readonly Hop[];
}

/** What the clients found in the answers. */
export interface ClientFindings {
  /** Share of the clients (0 to 1) that another server answers than before a server joined. Absent until one joined. */
  readonly moved?: number;
  /** Who answered which kind of request. */
  readonly routes?: readonly Route[];
  /** What the clients saw of TLS: each different outcome of a handshake. */
  readonly tls?: readonly TlsFinding[];
  readonly sessions?: SessionFindings;
  /** What the answers look like to a client, whatever is spoken behind it. Absent without a good answer. */
  readonly clientSees?: ClientSees;
  /**
   * Of one request, in bytes, on average. `request` and `response`: the encoded message as it travels (compressed, where it
   * is), without HTTP's or gRPC's framing; `onWire`: everything that the clients' sockets wrote and read since the first
   * request, headers and framing with it, TCP's and IP's own headers not.
   */
  readonly bytes?: { readonly request: number; readonly response: number; readonly onWire: number };
  /** From the object to its bytes and back in the client's runtime, without compression: mean of all requests, µs. */
  readonly encodeMicros?: number;
  readonly decodeMicros?: number;
  readonly typeCheck?: TypeCheck;
  /** Where a browser is the client: what its scripts tried, and in its words what came of it. */
  readonly browser?: { readonly tried: string; readonly said: string };
  /** Messages within streams, as the clients counted them. */
  readonly streamed?: { readonly streams: number; readonly toServer: number; readonly toClient: number };
  /** The same over time: those of each slot that begins `atMs` after the first request. */
  readonly streamedOverTime?: readonly {
    readonly atMs: number;
    readonly toServer: number;
    readonly toClient: number;
  }[];
}

export interface Route {
  /** Kind of request by its path: "/api/users". */
  readonly path: string;
  /** What else is told apart: "X-Api-Version: 2"; absent: nothing. */
  readonly with?: string;
  /** Service of the server that signed the answer, or "balancer". */
  readonly service: string;
  readonly status: string;
  readonly requests: number;
}

export interface TlsFinding {
  readonly certificate: {
    /** "O=Traffic Lab, CN=balancer". */
    readonly subject: string;
    readonly issuer: string;
    /** SHA-256, "AB:CD:…". */
    readonly fingerprint: string;
  };
  /** Protocol agreed on in the handshake ("http/1.1"); '': none. */
  readonly alpn: string;
  /** "TLSv1.3". */
  readonly version: string;
  /** Who has the other end of the connection: a server's id, or "balancer". */
  readonly decryptedBy: string;
  readonly connections: number;
}

/** created = kept + lost, at every moment. */
export interface SessionFindings {
  /** Logins that succeeded. */
  readonly created: number;
  /** Sessions that their clients still go on with. */
  readonly kept: number;
  /** Times a client that was logged in was answered as a stranger. */
  readonly lost: number;
}

/** The form of the answers, and a fingerprint of all that they say. */
export interface ClientSees {
  /** Content type: "application/json". */
  readonly contentType: string;
  /** Names of the fields, as in "{id, items: [{name}]}", of the first answer. */
  readonly fields: string;
  /** Of every answer with its question, in no order: two runs with the same seed that answer the same have the same. */
  readonly fingerprint: string;
}

/** What one part of the lab says to another, measured by one of them on its own sockets. */
export interface Hop {
  /** "client", "balancer", "edge". */
  readonly from: string;
  /** "balancer", "edge", or the service that is asked: "orders". */
  readonly to: string;
  readonly protocol: 'rest' | 'grpc' | 'grpc-web';
  readonly requests: number;
  /** Both ways, headers and framing among it, TCP's and IP's own headers not. */
  readonly bytesPerRequest: number;
  /** From the request to its answer, as the one who asks saw it; of balancer to edge, as the edge did. */
  readonly latencyMs: Latency;
}

/** What became of a message with a text where a whole number belongs. */
export interface TypeCheck {
  /** The field that was wrong. */
  readonly field: string;
  /** 'at run time': it was sent, and the server refused it; 'before sending': the client's own types did. */
  readonly caught: 'at run time' | 'before sending' | 'not at all';
  /** Who noticed: a server's id or 'client'. */
  readonly by: string;
  /** Status of the answer; null: nothing was sent. */
  readonly status: string | null;
  /** In the words of who noticed. */
  readonly text: string;
  /** What arrives in place of the wrong value when a client without types sends it; absent where the server refuses it. */
  readonly arrivesAs?: string;
}

/** What a lab may ask to be measured of a run as a whole (lab.yaml, `measures`). */
export const MEASURES = ['maxOverMean', 'availability', 'serverLatency', 'balancerCpu'] as const;
export type Measure = (typeof MEASURES)[number];
