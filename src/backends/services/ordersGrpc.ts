import type * as Grpc from '@grpc/grpc-js';
import { err, ok } from '../../base/result';
import type { Service } from '../../protocol/backendWorker';
import { loadOrdersServices, type UploadSummary } from '../../protocol/ordersService';
import { addToSummary, DEFAULT_PAGE, type OrderFault } from '../catalogue';
import type { GrpcProblem } from '../grpcDoor';
import type { StartGrpcService } from './grpcService';

/** The orders service as gRPC, all four call kinds. */
export const ordersGrpc: StartGrpcService<Extract<Service, { kind: 'orders' }>> = async (
  _options,
  grpc,
  { admit, unary },
  { id, catalogue },
) => {
  const { orders } = await loadOrdersServices();
  const { status } = grpc;
  const noSuchOrder = (order: string): GrpcProblem => ({
    code: status.NOT_FOUND,
    details: `There is no order ${order}`,
  });
  const invalid = (faults: readonly OrderFault[]): GrpcProblem => ({
    code: status.INVALID_ARGUMENT,
    details: faults.map((fault) => `${fault.field} ${fault.problem}`.trim()).join('; '),
  });
  const handlers = {
    ListOrders: unary(({ limit, offset }: { limit: number; offset: number }) =>
      limit < 0 || offset < 0
        ? err<GrpcProblem>({ code: status.INVALID_ARGUMENT, details: 'limit and offset must be 0 or more' })
        : ok(catalogue.list(limit === 0 ? DEFAULT_PAGE : limit, offset)),
    ),

    GetOrder: unary(({ id: orderId }: { id: string }) => {
      const order = catalogue.get(orderId);
      return order === null ? err(noSuchOrder(orderId)) : ok(order);
    }),

    PlaceOrder: unary((request: unknown) => {
      const placed = catalogue.place(request);
      return placed.ok ? placed : err(invalid(placed.error));
    }),

    WatchOrder: (call: Grpc.ServerWritableStream<{ id: string }, unknown>) =>
      admit(
        call,
        (error) => call.destroy(error),
        (admitted, fail) => {
          const { id: orderId } = call.request;
          if (catalogue.get(orderId) === null) {
            fail(noSuchOrder(orderId));
            return;
          }
          call.sendMetadata(admitted.signature);
          const stop = catalogue.watch(
            orderId,
            (event) => call.write(event),
            () => {
              admitted.visit.answered();
              call.end();
            },
          );
          call.on('cancelled', () => stop?.());
        },
      ),

    UploadOrders: (call: Grpc.ServerReadableStream<unknown, UploadSummary>, reply: Grpc.sendUnaryData<UploadSummary>) =>
      admit(call, reply, ({ visit, signature: signed }) => {
        let sum: UploadSummary = { accepted: 0, refused: 0, total_won: 0 };
        call.on('data', (order) => {
          sum = addToSummary(sum, catalogue.place(order));
        });
        call.on('error', () => visit.abandoned());
        call.on('end', () => {
          visit.answered();
          call.sendMetadata(signed);
          reply(null, sum);
        });
      }),

    Chat: (call: Grpc.ServerDuplexStream<{ text: string }, unknown>) =>
      admit(
        call,
        (error) => call.destroy(error),
        ({ visit, signature: signed }) => {
          call.sendMetadata(signed);
          call.on('data', (said: { text: string }) => call.write({ from: id, text: catalogue.reply(said.text) }));
          call.on('error', () => visit.abandoned());
          call.on('end', () => {
            visit.answered();
            call.end();
          });
        },
      ),
  };
  return {
    definition: orders as unknown as Grpc.ServiceDefinition,
    handlers: handlers as Grpc.UntypedServiceImplementation,
  };
};
