import { assertNever } from '../../src/base/assertNever';
import type { TopologyNode } from '../../src/protocol/run';
import { t } from '../strings';

/** Who answered, in the page's language: a stage of a gateway, the balancer, the client's own library; a server keeps its name. */
export function answererName(by: string): string {
  switch (by) {
    case 'balancer':
      return t('balancer');
    case 'client':
      return t('client');
    default:
      return stageName(by);
  }
}

/** What a stage of a gateway is called; whoever else answered keeps its own name. */
export function stageName(stage: string): string {
  switch (stage) {
    case 'route':
      return t('Routing');
    case 'limit':
      return t('Rate limit');
    case 'auth':
      return t('Authentication');
    case 'static':
      return t('Static files');
    default:
      return stage;
  }
}

/** A server has a name of its own; what else there is is called by what it is, in the page's language. */
export function nodeName(node: TopologyNode): string {
  switch (node.kind) {
    case 'client':
      return t('Client');
    case 'balancer':
      return t('{layer} load balancer', { layer: node.label });
    case 'stage':
      return stageName(node.label);
    case 'server':
    case 'store':
      return node.label;
    default:
      return assertNever(node.kind);
  }
}
