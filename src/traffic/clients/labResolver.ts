import type * as Grpc from '@grpc/grpc-js';
import type { Clock, Timer } from '../../base/clock';
import type { Target } from '../targets';

/** The directory that stands for name resolution: what is asked for now. The client sees a change when it asks again. */
export interface Directory {
  targets: readonly Target[];
}

const SCHEME = 'lab';
/**
 * Time between two resolutions of one channel, ms. grpc-js leaves this to resolvers (its DNS resolver waits 30 s,
 * `grpc.dns_min_time_between_resolutions_ms`); without a limit a channel with one dead server asks in a loop.
 */
const MIN_BETWEEN_RESOLUTIONS_MS = 1000;

const directories = new Map<string, Directory>();
let registered = false;
let lastName = 0;

/**
 * Publishes a directory under a name of its own and returns the channel target for it ("lab:orders-1") and a way to
 * take it back. As in life, a channel resolves the name when it starts and when it loses a connection, and at no other
 * time: a server that is added while all connections stand is not seen (grpc: doc/name_resolution.md, connection-backoff.md).
 */
export function publishDirectory(
  grpc: typeof Grpc,
  directory: Directory,
  clock: Clock,
): { readonly target: string; readonly withdraw: () => void } {
  if (!registered) {
    grpc.experimental.registerResolver(SCHEME, labResolver(grpc, clock));
    registered = true;
  }
  lastName += 1;
  const name = `orders-${lastName}`;
  directories.set(name, directory);
  return { target: `${SCHEME}:${name}`, withdraw: () => directories.delete(name) };
}

/** A class of grpc-js's ResolverConstructor, which its index does not export. */
type ResolverClass = Parameters<typeof Grpc.experimental.registerResolver>[1];

function labResolver(grpc: typeof Grpc, clock: Clock): ResolverClass {
  const { statusOrFromValue } = grpc.experimental;
  return class LabResolver implements Grpc.experimental.Resolver {
    static getDefaultAuthority(target: Grpc.experimental.GrpcUri): string {
      return target.path;
    }

    readonly #name: string;
    readonly #listener: Grpc.experimental.ResolverListener;
    #pending: Timer | null = null;
    #notBefore = 0;

    constructor(target: Grpc.experimental.GrpcUri, listener: Grpc.experimental.ResolverListener) {
      this.#name = target.path;
      this.#listener = listener;
    }

    updateResolution(): void {
      if (this.#pending !== null) return;
      this.#pending = clock.setTimeout(
        () => {
          this.#pending = null;
          this.#notBefore = clock.now() + MIN_BETWEEN_RESOLUTIONS_MS;
          this.#tell(directories.get(this.#name)?.targets ?? []);
        },
        Math.max(0, this.#notBefore - clock.now()),
      );
    }

    destroy(): void {
      this.#pending?.cancel();
      this.#pending = null;
    }

    #tell(targets: readonly Target[]): void {
      const endpoints = targets.map(({ host, port }) => ({ addresses: [{ host, port }] }));
      // pick_first is the default of every gRPC library: spreading has to be asked for, here by the service config.
      const serviceConfig = { loadBalancingConfig: [{ round_robin: {} }], methodConfig: [] };
      this.#listener(statusOrFromValue(endpoints), {}, statusOrFromValue(serviceConfig as never), '');
    }
  };
}
