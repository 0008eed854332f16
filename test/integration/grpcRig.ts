import * as grpc from '@grpc/grpc-js';
import { closeLater } from './proxyRig';

const plain = (value: Buffer) => value;
const method = (path: string, requestStream: boolean, responseStream: boolean) => ({
  path,
  requestStream,
  responseStream,
  requestSerialize: plain,
  requestDeserialize: plain,
  responseSerialize: plain,
  responseDeserialize: plain,
});

/** The four call kinds over plain bytes. */
export const echo = {
  unary: method('/lab.Echo/Unary', false, false),
  clientStream: method('/lab.Echo/ClientStream', true, false),
  serverStream: method('/lab.Echo/ServerStream', false, true),
  bidi: method('/lab.Echo/Bidi', true, true),
};

export type EchoHandlers = Partial<Record<keyof typeof echo, grpc.UntypedHandleCall>>;

/** Each answers in the obvious way and names the server in the metadata. */
export function echoHandlers(name = 'a'): Required<EchoHandlers> {
  const metadata = () => {
    const own = new grpc.Metadata();
    own.set('answered-by', name);
    return own;
  };
  return {
    unary: (call: grpc.ServerUnaryCall<Buffer, Buffer>, done: grpc.sendUnaryData<Buffer>) => {
      call.sendMetadata(metadata());
      done(null, call.request, metadata());
    },
    clientStream: (call: grpc.ServerReadableStream<Buffer, Buffer>, done: grpc.sendUnaryData<Buffer>) => {
      const all: Buffer[] = [];
      call.on('data', (chunk: Buffer) => all.push(chunk));
      call.on('end', () => done(null, Buffer.concat(all)));
    },
    serverStream: (call: grpc.ServerWritableStream<Buffer, Buffer>) => {
      for (const byte of call.request) call.write(Buffer.from([byte]));
      call.end();
    },
    bidi: (call: grpc.ServerDuplexStream<Buffer, Buffer>) => {
      call.on('data', (chunk: Buffer) => call.write(chunk));
      call.on('end', () => call.end());
    },
  };
}

/** A grpc-js server on a port of the system's choice (or the one given). */
export async function startGrpc(
  handlers: EchoHandlers,
  options: grpc.ServerOptions = {},
  port = 0,
): Promise<{ readonly port: number; readonly server: grpc.Server }> {
  const server = new grpc.Server(options);
  server.addService(echo, handlers as grpc.UntypedServiceImplementation);
  const bound = await new Promise<number>((resolve, reject) => {
    server.bindAsync(`127.0.0.1:${port}`, grpc.ServerCredentials.createInsecure(), (error, actual) =>
      error === null ? resolve(actual) : reject(error),
    );
  });
  closeLater(() => server.forceShutdown());
  return { port: bound, server };
}

export type EchoClient = grpc.Client & {
  unary(
    request: Buffer,
    metadata: grpc.Metadata,
    options: grpc.CallOptions,
    callback: grpc.requestCallback<Buffer>,
  ): grpc.ClientUnaryCall;
  clientStream(callback: grpc.requestCallback<Buffer>): grpc.ClientWritableStream<Buffer>;
  serverStream(request: Buffer): grpc.ClientReadableStream<Buffer>;
  bidi(): grpc.ClientDuplexStream<Buffer, Buffer>;
};

const Client = grpc.makeClientConstructor(echo, 'Echo');

/** A client that the test closes. */
export function openGrpcClient(port: number, options: grpc.ClientOptions = {}): EchoClient {
  return new Client(`127.0.0.1:${port}`, grpc.credentials.createInsecure(), {
    'grpc.use_local_subchannel_pool': 1,
    ...options,
  }) as unknown as EchoClient;
}

/** A client that closeAll() closes. */
export function grpcClient(port: number, options: grpc.ClientOptions = {}): EchoClient {
  const client = openGrpcClient(port, options);
  closeLater(() => client.close());
  return client;
}

export interface UnaryResult {
  readonly code: number;
  readonly details: string;
  readonly value: Buffer | undefined;
  readonly metadata: grpc.Metadata;
  readonly trailers: grpc.Metadata;
}

/** One unary call; an error status is a result, too. */
export function unary(
  client: EchoClient,
  request: Buffer | string,
  metadata = new grpc.Metadata(),
  options: grpc.CallOptions = {},
): Promise<UnaryResult> {
  return new Promise((resolve) => {
    let value: Buffer | undefined;
    let headers = new grpc.Metadata();
    const call = client.unary(Buffer.from(request), metadata, options, (_error, answer) => {
      value = answer;
    });
    call.on('metadata', (received) => {
      headers = received;
    });
    call.on('status', (status) => {
      setImmediate(() =>
        resolve({ code: status.code, details: status.details, value, metadata: headers, trailers: status.metadata }),
      );
    });
  });
}
