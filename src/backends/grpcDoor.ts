import type * as Grpc from '@grpc/grpc-js';
import type { Result } from '../base/result';
import { CONNECTION_HEADER, SERVER_HEADER } from '../protocol/backendWorker';
import type { Visit } from './admission';
import type { Connections } from './connections';
import type { BackendParts } from './protocolServer';

export type AnyCall = { getPeer(): string };

export function remotePortOf(call: AnyCall): number {
  return Number(/:(\d+)$/.exec(call.getPeer())?.[1] ?? 0);
}

/** Who answers, and over which connection; in the initial metadata, or in the trailers of an error. */
export function signature(grpc: typeof Grpc, id: string, connection: string): Grpc.Metadata {
  const metadata = new grpc.Metadata();
  metadata.set(SERVER_HEADER, id);
  metadata.set(CONNECTION_HEADER, connection);
  return metadata;
}

/** A call past the door. */
export interface Admitted {
  readonly visit: Visit;
  /** To be sent as initial metadata. */
  readonly signature: Grpc.Metadata;
}

/** An error before it is signed. */
export interface GrpcProblem {
  readonly code: Grpc.status;
  readonly details: string;
}

type Surface = AnyCall & { on(event: 'cancelled', listener: () => void): unknown };

/** How a service takes calls in: capacity, faults, counts and the signature are seen to. */
export interface GrpcDoor {
  /** Brings a call through the door; `fail` ends it with an error, `served` makes the answer. */
  admit(
    call: Surface,
    fail: (error: Grpc.ServiceError) => void,
    served: (admitted: Admitted, fail: (problem: GrpcProblem) => void) => void,
  ): void;
  /** A unary method that is nothing but its work. */
  unary<Request, Reply>(
    work: (request: Request, call: Grpc.ServerUnaryCall<Request, Reply>) => Awaitable<Result<Reply, GrpcProblem>>,
  ): (call: Grpc.ServerUnaryCall<Request, Reply>, reply: Grpc.sendUnaryData<Reply>) => void;
}

type Awaitable<T> = T | Promise<T>;

export function grpcDoor(grpc: typeof Grpc, { id, admission }: BackendParts, connections: Connections): GrpcDoor {
  const { status } = grpc;
  const admit: GrpcDoor['admit'] = (call, fail, served) => {
    const connection = connections.signRequest(remotePortOf(call));
    const sign = (): Grpc.Metadata => signature(grpc, id, connection);
    const refuse = ({ code, details }: GrpcProblem): void =>
      fail(Object.assign(new Error(details), { code, details, metadata: sign() }));
    const visit = admission.take({
      refused: () => refuse({ code: status.RESOURCE_EXHAUSTED, details: 'All slots are busy and the queue is full' }),
      failed: () => refuse({ code: status.INTERNAL, details: 'The server failed (as the lab asked it to)' }),
      served: (admitted) =>
        served({ visit: admitted, signature: sign() }, (problem) => {
          admitted.answered();
          refuse(problem);
        }),
    });
    call.on('cancelled', () => visit.abandoned());
  };
  return {
    admit,
    unary: (work) => (call, reply) =>
      admit(call, reply, (admitted, fail) => {
        const finish = (made: Awaited<ReturnType<typeof work>>): void => {
          if (!made.ok) {
            fail(made.error);
            return;
          }
          admitted.visit.answered();
          call.sendMetadata(admitted.signature);
          reply(null, made.value);
        };
        const made = work(call.request, call);
        if (made instanceof Promise) {
          made.then(finish, (error: unknown) =>
            fail({ code: status.INTERNAL, details: error instanceof Error ? error.message : String(error) }),
          );
        } else finish(made);
      }),
  };
}
