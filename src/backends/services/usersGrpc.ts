import type * as Grpc from '@grpc/grpc-js';
import { err, ok } from '../../base/result';
import type { Service } from '../../protocol/backendWorker';
import { loadOrdersServices } from '../../protocol/ordersService';
import { userOf } from '../users';
import type { StartGrpcService } from './grpcService';

/** The users service as gRPC. */
export const usersGrpc: StartGrpcService<Extract<Service, { kind: 'users' }>> = async (_options, grpc, { unary }) => {
  const { users } = await loadOrdersServices();
  return {
    definition: users as unknown as Grpc.ServiceDefinition,
    handlers: {
      GetUser: unary(({ id }: { id: string }) => {
        const user = userOf(id);
        return user === null ? err({ code: grpc.status.NOT_FOUND, details: `There is no user ${id}` }) : ok(user);
      }),
    } as Grpc.UntypedServiceImplementation,
  };
};
