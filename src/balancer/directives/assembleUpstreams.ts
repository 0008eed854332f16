import { message } from '../../base/message';
import type { UpstreamPlan } from '../plan';
import { formatAddress, resolveHost } from './address';
import type { Reading } from './entry';
import { implicitUpstream } from './implicitUpstream';
import type { PassTarget } from './proxyPass';
import { checkZones, keepaliveLimits, type UpstreamBlock, upstreamKeepalive, upstreamServers } from './upstream';
import { policyOf } from './upstreamPolicy';

/** The upstreams of http or stream: those of blocks, and one more for each address that a pass directive names itself. */
export class Upstreams {
  readonly #byName = new Map<string, UpstreamPlan>();
  readonly #all: UpstreamPlan[] = [];
  /** Named by blocks, well formed or not, so that a broken block does not make its users unknown too. */
  readonly #declared = new Map<string, UpstreamBlock>();

  constructor(
    private readonly context: 'http' | 'stream',
    blocks: readonly UpstreamBlock[],
    private readonly reading: Reading,
  ) {
    for (const block of blocks) this.#addBlock(block);
    checkZones(blocks, reading);
  }

  get all(): readonly UpstreamPlan[] {
    return this.#all;
  }

  #addBlock(block: UpstreamBlock): void {
    const key = block.name.toLowerCase();
    const nameWord = block.directive.args[0] ?? block.directive.name;
    const earlier = this.#declared.get(key);
    if (earlier !== undefined) {
      this.reading.error(
        nameWord.span,
        message('duplicate upstream "{name}"', { name: block.name }),
        message('The first one is on line {line}.', { line: earlier.directive.span.line }),
      );
      return;
    }
    this.#declared.set(key, block);
    const servers = block.scope.get(upstreamServers);
    if (servers.length === 0) {
      if (!block.scope.names('server')) {
        this.reading.error(
          nameWord.span,
          message('no servers are inside upstream'),
          message('Add a "server ADDRESS:PORT;" to it.'),
        );
      }
      return;
    }
    if (servers.every((server) => server.backup)) {
      this.reading.error(nameWord.span, message('no servers in upstream "{name}"', { name: block.name }));
      return;
    }
    const { policy, config, key: policyKey } = policyOf(block.scope, this.reading);
    const plan: UpstreamPlan = {
      name: block.name,
      span: block.directive.headSpan,
      context: this.context,
      policy,
      policyConfig: config,
      key: policyKey,
      servers,
      keepalive: this.context === 'http' ? block.scope.get(upstreamKeepalive) : 0,
      keepaliveLimits: keepaliveLimits(block.scope),
      implicit: false,
    };
    this.#byName.set(key, plan);
    this.#all.push(plan);
  }

  /** The upstream that a pass directive means; null with the problem reported. */
  target(target: PassTarget): UpstreamPlan | null {
    const { address, word } = target;
    if (address === null) return null;
    const name = address.host.toLowerCase();
    if (!address.ipv6 && this.#declared.has(name)) {
      if (address.port !== null) {
        this.reading.error(
          word.span,
          message('upstream "{name}" may not have port {port}', { name: address.host, port: address.port }),
          message('The ports are in the upstream block.'),
        );
        return null;
      }
      return this.#byName.get(name) ?? null;
    }
    const port = address.port ?? target.defaultPort;
    const host = resolveHost(address);
    if (port === null) {
      this.reading.error(
        word.span,
        host === null
          ? message('host not found in upstream "{address}"', { address: address.host })
          : message('no port in upstream "{address}"', { address: address.host }),
        this.#hint(),
      );
      return null;
    }
    if (host === null) {
      this.reading.error(
        word.span,
        message('host not found in upstream "{address}"', { address: address.host }),
        this.#hint(),
      );
      return null;
    }
    return this.#implicit(target, host, port);
  }

  #hint() {
    const names = [...this.#declared.values()].map((block) => block.name);
    return names.length === 0
      ? message('Use an address such as 127.0.0.1:8080, or add an upstream block of that name.')
      : message('Use an address such as 127.0.0.1:8080, or one of the upstreams: {names}.', {
          names: names.join(', '),
        });
  }

  #implicit(target: PassTarget, host: string, port: number): UpstreamPlan {
    const address = formatAddress(host, port);
    const known = this.#byName.get(address);
    if (known !== undefined) return known;
    const health = { maxFails: 1, failTimeoutMs: 10_000 };
    const plan = implicitUpstream(this.context, host, port, target.word.span, health);
    this.#byName.set(address, plan);
    this.#all.push(plan);
    return plan;
  }
}
