import type * as Grpc from '@grpc/grpc-js';
import { err, ok } from '../../base/result';
import type { Service } from '../../protocol/backendWorker';
import { loadOrdersServices } from '../../protocol/ordersService';
import { faultText, findSummary } from '../summaries';
import type { StartGrpcService } from './grpcService';

/** The shop's edge as gRPC. */
export const shopGrpc: StartGrpcService<Extract<Service, { kind: 'shop' }>> = async (
  _options,
  grpc,
  { unary },
  { inner },
) => {
  if (inner === null) throw new Error('The shop needs services to ask');
  const [{ shop }] = await Promise.all([loadOrdersServices(), inner.prepare()]);
  const { status } = grpc;
  const codes = { 'not-found': status.NOT_FOUND, unavailable: status.UNAVAILABLE, failed: status.INTERNAL } as const;
  return {
    definition: shop as unknown as Grpc.ServiceDefinition,
    handlers: {
      GetSummary: unary(async ({ id }: { id: string }) => {
        const found = await findSummary(inner, id);
        return 'summary' in found
          ? ok(found.summary)
          : err({ code: codes[found.fault.kind], details: faultText(found.fault) });
      }),
    } as Grpc.UntypedServiceImplementation,
  };
};
