import { type Message, message } from '../../src/base/message';
import type { TypeCheck } from '../../src/measurement/findings';
import type { Outcome, Snapshot, StageCounts } from '../../src/measurement/snapshot';

/** The course in one sentence: what the connections did, and what the requests did. No DOM. */
export function connectionsSentence(snapshot: Snapshot): Message {
  const { client, servers, balancer } = snapshot;
  const answering = servers.filter((server) => server.requests > 0);
  const first = answering[0];
  const args = {
    requests: client.answered.toLocaleString('en'),
    connections: client.connectionsOpened.toLocaleString('en'),
    servers: answering.length,
    of: servers.length,
    server: first?.id ?? '',
  };
  if (client.answered === 0) return message('Nothing was answered yet.');
  if (snapshot.findings?.stages !== undefined) return gatewaySentence(snapshot, snapshot.findings.stages);
  const isAll = answering.length === servers.length;
  if (client.isBrowser === true) {
    return message(
      'Requests: {requests}. Over how many connections, the browser tells no script. Servers that answered: {servers} of {of}.',
      args,
    );
  }
  if (balancer === null) {
    if (isAll) {
      return message(
        'Requests: {requests}, client connections: {connections}. The client holds one to each server and takes turns itself, so all {of} servers answered.',
        args,
      );
    }
    return message(
      'Requests: {requests}, client connections: {connections}. The client holds one to each server and takes turns itself, so {servers} of {of} servers answered.',
      args,
    );
  }
  if (answering.length === 1) {
    return client.connectionsOpened === 1
      ? message(
          '{requests} requests, but 1 connection: all of them went where that one connection went, to {server}.',
          args,
        )
      : message('{requests} requests over {connections} connections, and every one of them reached {server}.', args);
  }
  if (balancer.layer === 'l7') {
    if (isAll) {
      return message(
        'Requests: {requests}, client connections: {connections}. The balancer chose anew for each request, and all {of} servers answered.',
        args,
      );
    }
    return message(
      'Requests: {requests}, client connections: {connections}. The balancer chose anew for each request, and {servers} of {of} servers answered.',
      args,
    );
  }
  return isAll
    ? message(
        '{requests} requests over {connections} connections: the balancer chose once for each connection, and all {of} servers answered.',
        args,
      )
    : message(
        '{requests} requests over {connections} connections: the balancer chose once for each connection, and {servers} of {of} servers answered.',
        args,
      );
}

/**
 * Errors and refusals are answers, too: how many of the answers were. Without the one that a lab asks for on purpose, to see
 * who notices a wrong field.
 */
export function answersOtherThanSuccess(
  answered: number,
  outcomes: readonly Outcome[],
  typeCheck: TypeCheck | undefined,
): number {
  const good = outcomes.filter(isSuccess).reduce((sum, { requests }) => sum + requests, 0);
  const onPurpose = typeCheck !== undefined && typeCheck.status !== null ? 1 : 0;
  return Math.max(0, answered - good - onPurpose);
}

export function isSuccess({ status }: Outcome): boolean {
  return status === '200' || status === 'OK';
}

/** A gateway is about who gets in. */
function gatewaySentence({ client, servers }: Snapshot, stages: readonly StageCounts[]): Message {
  const refused = stages.reduce((sum, stage) => sum + stage.refused, 0);
  const args = {
    requests: client.answered.toLocaleString('en'),
    served: servers.reduce((sum, server) => sum + server.requests, 0).toLocaleString('en'),
    refused: refused.toLocaleString('en'),
  };
  return refused === 0
    ? message('Requests: {requests}. The gateway refused none; the services behind it answered {served}.', args)
    : message(
        'Requests: {requests}. The gateway refused {refused} before any service saw them; the services answered {served}.',
        args,
      );
}
