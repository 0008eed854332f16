import type * as Grpc from '@grpc/grpc-js';
import type { GrpcDoor } from '../grpcDoor';
import type { BackendParts } from '../protocolServer';

/** A service as gRPC: what grpc-js is given. */
export interface GrpcService {
  readonly definition: Grpc.ServiceDefinition;
  readonly handlers: Grpc.UntypedServiceImplementation;
}

/** Makes the service of a backend. Rejects if it cannot start; the backend then does not listen. */
export type StartGrpcService<Options> = (
  options: Options,
  grpc: typeof Grpc,
  door: GrpcDoor,
  parts: BackendParts,
) => Promise<GrpcService>;
