import type { Service } from '../../protocol/backendWorker';
import type { StartGrpcService } from './grpcService';
import type { StartRestService } from './restService';

type OptionsOf<Kind extends Service['kind']> = Extract<Service, { readonly kind: Kind }>;

/** Every service a backend may offer, by protocol; null: not over that one. To add one: its files here and its lines. */
export const restServices: { readonly [Kind in Service['kind']]: StartRestService<OptionsOf<Kind>> | null } = {
  orders: async (...args) => (await import('./ordersRest')).ordersRest(...args),
  users: async (...args) => (await import('./usersRest')).usersRest(...args),
  files: async (...args) => (await import('./filesRest')).filesRest(...args),
  verifier: async (...args) => (await import('./verifierRest')).verifierRest(...args),
  sessions: async (...args) => (await import('./sessionsRest')).sessionsRest(...args),
  shop: async (...args) => (await import('./shopRest')).shopRest(...args),
  messages: async (...args) => (await import('./messagesRest')).messagesRest(...args),
};

export const grpcServices: { readonly [Kind in Service['kind']]: StartGrpcService<OptionsOf<Kind>> | null } = {
  orders: async (...args) => (await import('./ordersGrpc')).ordersGrpc(...args),
  users: async (...args) => (await import('./usersGrpc')).usersGrpc(...args),
  files: null,
  verifier: null,
  sessions: null,
  shop: async (...args) => (await import('./shopGrpc')).shopGrpc(...args),
  messages: async (...args) => (await import('./messagesGrpc')).messagesGrpc(...args),
};

/** The service's maker for one protocol. Throws where the service does not speak it. */
export function restServiceOf(service: Service): StartRestService<Service> {
  return spoken(restServices[service.kind], service, 'REST');
}

export function grpcServiceOf(service: Service): StartGrpcService<Service> {
  return spoken(grpcServices[service.kind], service, 'gRPC');
}

function spoken<Start>(start: unknown, service: Service, protocol: string): Start {
  if (start === null) throw new Error(`The service "${service.kind}" does not speak ${protocol}`);
  // The tables pair each kind with its own options.
  return start as Start;
}
