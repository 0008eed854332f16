import { assertNever } from '../../src/base/assertNever';
import type { TopologyNode } from '../../src/protocol/run';
import { t } from '../strings';

/** A server has a name of its own; what else there is is called by what it is, in the page's language. */
export function nodeName(node: TopologyNode): string {
  switch (node.kind) {
    case 'client':
      return t('Client');
    case 'balancer':
      return t('{layer} load balancer', { layer: node.label });
    case 'server':
    case 'store':
    case 'stage':
      return node.label;
    default:
      return assertNever(node.kind);
  }
}
