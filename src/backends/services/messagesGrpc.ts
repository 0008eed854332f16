import type * as Grpc from '@grpc/grpc-js';
import { ok } from '../../base/result';
import type { Service } from '../../protocol/backendWorker';
import { loadMessagesService, type Note } from '../../protocol/messagesService';
import type { StartGrpcService } from './grpcService';
import { readNotesWanted, tellNotes } from './notes';

/**
 * The messages service as gRPC. A message needs no check here: bytes that decode are of the type. Requests may be gzipped;
 * answers are not, because the server of grpc-js cannot compress them.
 */
export const messagesGrpc: StartGrpcService<Extract<Service, { kind: 'messages' }>> = async (
  _options,
  grpc,
  { admit, unary },
  { id, clock },
) => {
  const { definition } = await loadMessagesService();
  const echo = unary((message: object) => ok(message));
  const handlers = {
    EchoUser: echo,
    EchoOrder: echo,
    EchoTelemetry: echo,

    Watch: (call: Grpc.ServerWritableStream<{ messages?: number; every_ms?: number }, Note>) =>
      admit(
        call,
        (error) => call.destroy(error),
        (admitted, fail) => {
          const wanted = readNotesWanted(call.request.messages ?? 0, call.request.every_ms ?? 0);
          if (!wanted.ok) {
            fail({ code: grpc.status.INVALID_ARGUMENT, details: wanted.error });
            return;
          }
          call.sendMetadata(admitted.signature);
          const stop = tellNotes(
            id,
            wanted.value,
            clock,
            (note) => call.write(note),
            () => {
              admitted.visit.answered();
              call.end();
            },
          );
          call.on('cancelled', stop);
        },
      ),

    Chat: (call: Grpc.ServerDuplexStream<Note, Note>) =>
      admit(
        call,
        (error) => call.destroy(error),
        ({ visit, signature }) => {
          call.sendMetadata(signature);
          call.on('data', ({ number, text }: Partial<Note>) =>
            call.write({ from: id, number: number ?? 0, text: `Answer to: ${text ?? ''}` }),
          );
          call.on('error', () => visit.abandoned());
          call.on('end', () => {
            visit.answered();
            call.end();
          });
        },
      ),
  };
  return {
    definition: definition as unknown as Grpc.ServiceDefinition,
    handlers: handlers as Grpc.UntypedServiceImplementation,
  };
};
