import { message } from '../base/message';
import type { Problem } from '../base/problem';
import { type ArmWiring, drainedIn, type WiredBackend } from './armWiring';

/** What another configuration means for the servers of a run that goes on. */
export interface ConfChange {
  /** Servers that have to start before it holds. */
  readonly joining: readonly WiredBackend[];
  /** Servers that end after their last request. */
  readonly leaving: readonly WiredBackend[];
  /** Ids of servers that get nothing new from now on. */
  readonly drained: readonly string[];
  /** Ids of servers that get requests again. */
  readonly undrained: readonly string[];
}

/** A change that a running lab can follow; see `unfollowable` for those that it cannot. */
export function confChange(before: ArmWiring, next: ArmWiring): ConfChange {
  const was = drainedIn(before);
  const is = drainedIn(next);
  const served = next.backends.map(({ id }) => id);
  return {
    joining: without(next.backends, before.backends),
    leaving: without(before.backends, next.backends),
    drained: is.filter((id) => !was.includes(id)),
    undrained: was.filter((id) => !is.includes(id) && served.includes(id)),
  };
}

/** Problems of server lines that give a running server another address or protocol: its thread listens where it does. */
export function unfollowable(before: ArmWiring, next: ArmWiring): Problem[] {
  return next.backends.flatMap((backend) => {
    const spoken = before.backends.filter(({ id }) => id === backend.id).map(({ protocol }) => protocol);
    if (spoken.length > 0 && !spoken.includes(backend.protocol)) {
      const line = next.upstreams.flatMap(({ servers }) => servers).find(({ address }) => address === backend.address);
      const text = message('{id} speaks {protocol} while the lab runs. Stop the lab to change that.', {
        id: backend.id,
        protocol: spoken.join(', '),
      });
      return [{ severity: 'error' as const, message: text, span: (line ?? next.upstream).span }];
    }
    const was = before.backends.find(({ id, protocol }) => id === backend.id && protocol === backend.protocol);
    if (was === undefined || (was.address === backend.address && was.tls === backend.tls)) return [];
    const line = next.upstreams.flatMap(({ servers }) => servers).find((server) => server.lab?.serverId === backend.id);
    const { id } = backend;
    const text =
      was.address === backend.address
        ? message('{id} cannot begin or end to speak TLS while the lab runs. Stop the lab first.', { id })
        : message('{id} is at {address} while the lab runs. Stop the lab to move it.', { id, address: was.address });
    return [{ severity: 'error', message: text, span: (line ?? next.upstream).span }];
  });
}

function without(backends: readonly WiredBackend[], others: readonly WiredBackend[]): readonly WiredBackend[] {
  return backends.filter(({ id }) => !others.some((other) => other.id === id));
}
