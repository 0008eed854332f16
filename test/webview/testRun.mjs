// Made-up snapshots for the harness: TEST DATA in the shape of a run, measured by nobody.

/** The moment at which `answered` requests are answered under an arm. */
export function testSnapshot({
  arm,
  answered,
  servers,
  dead = null,
  slow = null,
  drained = null,
  events = [],
  findings = {},
  phase = 'running',
  differ = false,
}) {
  const l4 = arm !== 'grpc-l7';
  const pinned = arm === 'grpc-l4' || arm === 'rest-keepalive';
  const live = servers.filter((id) => id !== dead);
  const inFlight = phase === 'done' ? 0 : 3;
  const requests = servers.map((_, i) => {
    if (pinned) return i === 0 ? answered : 0;
    return Math.floor(answered / servers.length) + (i < answered % servers.length ? 1 : 0);
  });
  const opened =
    {
      'rest-new-sockets': answered + inFlight,
      'grpc-client-side': servers.length,
      'grpc-l4-max-age': 1 + Math.floor(answered / 160),
    }[arm] ?? 1;
  const open =
    phase === 'done' ? 0 : arm === 'grpc-client-side' ? servers.length : arm === 'rest-new-sockets' ? inFlight : 1;
  const peerOpened = requests.map((n, i) => {
    if (arm === 'rest-new-sockets') return n;
    if (pinned) return i === 0 ? 1 : 0;
    if (arm === 'grpc-l4-max-age') return Math.ceil((opened - i) / servers.length);
    return answered > 0 ? 1 : 0;
  });
  const failed = dead === null ? 0 : 4;
  const hasBalancer = arm !== 'grpc-client-side';
  const atMs = (answered / 400) * 1000;
  const peersAt = (n) =>
    servers.map((id, i) => ({
      address: `127.0.0.1:4220${i + 1}`,
      serverId: id,
      weight: 1,
      effectiveWeight: 1,
      currentWeight: [0, 1, -1][(i + n) % 3],
      inFlight: i,
      fails: 0,
      state: id === dead ? 'unavailable' : 'eligible',
    }));
  const decision = (n) => ({
    policy: 'round_robin',
    atMs: n === 0 ? 3 : (n / 400) * 1000,
    upstream: 'orders_grpc',
    peers: peersAt(n),
    chosen: `127.0.0.1:4220${pinned ? 1 : (n % servers.length) + 1}`,
    reason: { text: 'It had the highest current weight, {weight}.', args: { weight: 3 } },
    attempt: 1,
  });
  const samples = [];
  for (let n = Math.max(1, answered - 49 * 7); n <= answered; n += 7) {
    const server = pinned ? servers[0] : servers[n % servers.length];
    samples.push({
      id: `r${n}`,
      atMs: (n / 400) * 1000,
      server,
      status: arm.startsWith('rest') ? '200' : 'OK',
      latencyMs: 1.2 + ((n * 37) % 40) / 10,
      clientConnection: arm === 'rest-new-sockets' ? n : 1,
      why: !hasBalancer
        ? { kind: 'client', policy: 'round_robin', servers }
        : l4 && arm !== 'rest-new-sockets'
          ? { kind: 'bound', decision: decision(0), requestsBefore: n - 1 }
          : { kind: 'decided', decision: decision(n) },
    });
  }
  const slots = Array.from({ length: Math.ceil(atMs / 100) }, (_, i) => 36 + ((i * 7) % 9));
  const backends = requests.reduce((sum, n) => sum + n, 0);
  return {
    atMs,
    phase,
    client: {
      sent: answered + failed + inFlight,
      answered,
      failed,
      inFlight,
      retried: 0,
      connectionsOpened: opened,
      connectionsOpen: open,
      outcomes: [
        { status: arm.startsWith('rest') ? '200' : 'OK', by: servers[0], requests: answered },
        ...(dead === null ? [] : [{ status: 'UNAVAILABLE', by: 'balancer', requests: 4 }]),
      ],
      latencyMs: { p50: 1.8, p90: 3.9, p99: 6.4, max: 11.2 },
      requestsPerSecond: 398.4,
    },
    balancer: hasBalancer
      ? {
          layer: l4 ? 'l4' : 'l7',
          connectionsAccepted: opened,
          connectionsOpen: open,
          requests: l4 ? null : answered + inFlight,
          answeredItself: 0,
          peers: servers.map((id, i) => ({
            address: `127.0.0.1:4220${i + 1}`,
            serverId: id,
            connectionsOpened: peerOpened[i],
            connectionsOpen: phase === 'done' || id === dead ? 0 : peerOpened[i] > 0 ? 1 : 0,
            requests: l4 ? null : requests[i],
            failures: 0,
            health: id === dead || id === drained ? 'down' : 'up',
          })),
        }
      : null,
    servers: servers.map((id, i) => ({
      id,
      state: id === dead ? 'dead' : id === slow ? 'slow' : 'up',
      connections: hasBalancer ? peerOpened[i] : 1,
      connectionsOpen: phase === 'done' || id === dead ? 0 : Math.min(1, peerOpened[i]),
      requests: requests[i],
      received: requests[i],
      inFlight: live.includes(id) && requests[i] > 0 && phase !== 'done' ? 1 : 0,
      queued: 0,
      rejected: 0,
      ...(id === drained ? { drained: true } : {}),
      share: answered === 0 ? 0 : requests[i] / answered,
    })),
    reconciliation: {
      agree: !differ,
      differences: differ
        ? [{ text: 'The backends answered {count} fewer than the client received.', args: { count: 12 } }]
        : [],
      counts: {
        client: answered,
        balancer: hasBalancer && !l4 ? (phase === 'done' ? answered : answered + inFlight) : null,
        backends: differ ? backends - 12 : backends,
      },
    },
    samples,
    timeline: [
      ...(dead === null
        ? []
        : [{ atMs: 2100, kind: 'kill', server: dead, text: { text: '{server} was killed.', args: { server: dead } } }]),
      ...events,
    ],
    findings,
    answeredPerSlot: slots,
  };
}

export function testResult(arm, servers, total, prediction, params = {}, over = {}) {
  const snapshot = testSnapshot({ arm, answered: total, servers, phase: 'done', ...over });
  const chosen = Object.fromEntries(
    ['scenario', 'protocol', 'message'].flatMap((name) => (params[name] == null ? [] : [[name, params[name]]])),
  );
  const measured = Object.fromEntries(snapshot.servers.map((server) => [server.id, server.share]));
  const apart =
    prediction === null ? 0 : servers.reduce((sum, id) => sum + Math.abs((prediction[id] ?? 0) - measured[id]), 0) / 2;
  return {
    result: {
      lab: 'grpc-pinning',
      arm,
      ...chosen,
      engine: 'in-process',
      sent: total,
      answered: total,
      failed: 0,
      inFlight: 0,
      servers: snapshot.servers.map(({ id, connections, requests }) => ({ id, connections, requests })),
      counts: snapshot.reconciliation.counts,
      outcomes: snapshot.client.outcomes,
      latencyMs: snapshot.client.latencyMs,
      requestsPerSecond: 398.4,
      startMs: 210,
      seed: 7,
    },
    snapshot,
    finishedAt: 1_700_000_000_000,
    predictionScore: prediction === null ? null : 100 * (1 - apart),
    prediction,
  };
}
