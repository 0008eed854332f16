import * as path from 'node:path';
import { type ArmWiring, spokenBy, topologyOf } from './armWiring';
import { understandConf } from './labConf';
import { type ArmDefinition, everyServer, type LabDefinition, partsOfName, servicesOf } from './labDefinition';

/** Who is connected to whom in an arm, by names that a text may use. */
export interface ArmNetwork {
  /** The ids that each name stands for: a node for itself, a service for all servers of the lab that offer it. */
  readonly names: ReadonlyMap<string, readonly string[]>;
  readonly edges: readonly { readonly from: string; readonly to: string }[];
}

/**
 * The network of an arm ("grpc-l4", "round-robin@one-slow") as the lab's own configuration makes it. `textOf` gives the
 * texts of the lab's files. null: there is no such arm, or its configuration cannot be read.
 */
export function armNetwork(
  definition: LabDefinition,
  name: string,
  textOf: (file: string) => string | null,
): ArmNetwork | null {
  const arm = definition.arms.find(({ id }) => id === partsOfName(name).arm);
  const text = arm === undefined ? null : textOf(arm.conf);
  if (arm === undefined || text === null) return null;
  const conf = understandConf(definition, arm, path.join(definition.folder, arm.conf), text);
  return conf.ok ? networkOf(definition, arm, conf.value.wiring) : null;
}

function networkOf(definition: LabDefinition, arm: ArmDefinition, wiring: ArmWiring): ArmNetwork {
  const { nodes, edges } = topologyOf(wiring, spokenBy(arm.client), arm.store ? '' : null);
  const ids = new Set(nodes.map(({ id }) => id));
  const services = servicesOf(definition);
  const names = new Map<string, readonly string[]>(nodes.map(({ id }) => [id, [id]]));
  for (const service of new Set([...ids].map((id) => services[id]))) {
    if (service === undefined || names.has(service)) continue;
    // One that may join later counts, too.
    const servers = everyServer(definition).filter(({ id }) => services[id] === service);
    names.set(
      service,
      servers.map(({ id }) => id),
    );
  }
  return { names, edges: edges.map(({ from, to }) => ({ from, to })) };
}
