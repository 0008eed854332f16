import type { Random } from '../../base/random';
import { CATALOGUE_SIZE } from '../../protocol/ordersService';
import type { WorkloadPlan } from '../../protocol/trafficWorker';
import { USER_COUNT } from '../../protocol/usersService';
import { makeTokens } from './tokens';
import type { Call, Workload, WorkloadParts } from './workload';

/** Time between two orders of clients that know of a limit of ten a second and keep well below it, ms. */
const ORDER_PACE_MS = 125;
/** Of the files that need no token. */
const FILES = ['/static/menu.json', '/static/logo.svg'] as const;

/** Clients at the door of an API, with or without tokens that hold. Nothing is looked for in the answers. */
export function gatewayWorkload(
  { token, ask }: Extract<WorkloadPlan, { kind: 'gateway' }>,
  { clock, tokenKey }: WorkloadParts,
): Workload {
  let tokens: readonly string[] = [];
  let lastOrderAt = Number.NEGATIVE_INFINITY;

  const isOrderDue = (): boolean => {
    const now = clock.now();
    if (now - lastOrderAt < ORDER_PACE_MS) return false;
    lastOrderAt = now;
    return true;
  };
  const callOf = (index: number, random: Random): Call => {
    switch (ask) {
      case 'orders':
        return order(random);
      case 'unknown':
        return unknown();
      case 'services':
        return isOrderDue() ? order(random) : user(random);
      case 'services-and-files':
        return index % 3 === 2 ? file(index, random) : isOrderDue() ? order(random) : user(random);
    }
  };
  return {
    prepare: async () => {
      if (token === 'none') return;
      if (tokenKey === undefined) throw new Error('Tokens need a key, and this lab has no verifier');
      tokens = await makeTokens(token, tokenKey, Math.floor(clock.wallNow() / 1000));
    },
    next: (index, _client, random) => {
      const call = callOf(index, random);
      const shown = tokens[index % tokens.length];
      return shown === undefined ? call : { ...call, headers: { authorization: `Bearer ${shown}` } };
    },
    findings: () => ({}),
  };
}

function order(random: Random): Call {
  const id = String(1 + Math.floor(random.next() * CATALOGUE_SIZE));
  return {
    rest: { method: 'GET', path: `/api/orders/${id}` },
    grpc: { service: 'orders', method: 'GetOrder', request: { id } },
  };
}

function user(random: Random): Call {
  const id = String(1 + Math.floor(random.next() * USER_COUNT));
  return {
    rest: { method: 'GET', path: `/api/users/${id}` },
    grpc: { service: 'users', method: 'GetUser', request: { id } },
  };
}

/** gRPC knows no files: there it is one more user. */
function file(index: number, random: Random): Call {
  const path = FILES[index % FILES.length] ?? FILES[0];
  return { ...user(random), rest: { method: 'GET', path } };
}

function unknown(): Call {
  return {
    rest: { method: 'GET', path: '/api/payments/1' },
    grpc: { service: 'orders', method: 'GetOrder', request: { id: '1' }, path: '/lab.payments.v1.Payments/GetPayment' },
  };
}
