import type { RunParams, RunResult } from '../../src/protocol/run';
import type { FromWebview, LabState } from '../../src/protocol/webview';
import { h, setHidden, setText } from '../dom';
import { t } from '../strings';
import { type RadioGroup, radioGroup } from '../ui';

type Protocol = NonNullable<RunParams['protocol']>;
type Choice = Omit<Extract<FromWebview, { readonly type: 'setUp' }>, 'type' | 'lab'>;

/** What the next run is: the scenario, protocol and message, each where the lab has any to choose from. */
export interface SetUp {
  readonly element: HTMLElement;
  show(lab: LabState): void;
}

const PROTOCOL_NAMES: Readonly<Record<Protocol, string>> = { rest: 'REST', grpc: 'gRPC' };

export function setUp(first: LabState, choose: (choice: Choice) => void): SetUp {
  const scenario = radioGroup(
    t('What happens meanwhile'),
    first.scenarios.map(({ id, title }) => ({ id, content: title })),
    (id) => choose({ scenario: id }),
    { class: 'arms' },
  );
  const protocol = radioGroup(
    t('Protocol'),
    first.protocols.map((id) => ({ id, content: PROTOCOL_NAMES[id] })),
    (id) => choose({ protocol: id === 'rest' ? 'rest' : 'grpc' }),
    { class: 'inline-choices' },
  );
  const message = radioGroup(
    t('Message'),
    first.messages.map(({ id, title }) => ({ id, content: title })),
    (id) => choose({ message: id }),
    { class: 'inline-choices' },
  );
  const only = h('p', { class: 'hint' });
  const chooser = (name: string, group: RadioGroup, choices: readonly unknown[], kind: string, note?: HTMLElement) =>
    choices.length < 2
      ? null
      : h('div', { 'data-choice': kind }, h('p', { class: 'small-title' }, name), group.element, note);
  const parts = [
    chooser(t('What happens meanwhile'), scenario, first.scenarios, 'scenario'),
    chooser(t('Protocol'), protocol, first.protocols, 'protocol', only),
    chooser(t('Message'), message, first.messages, 'message'),
  ];
  const element = h('div', { class: 'set-up' }, parts);
  setHidden(
    element,
    parts.every((part) => part === null),
  );
  return {
    element,
    show(lab) {
      const spoken = lab.arms.find((arm) => arm.id === lab.selectedArm)?.protocol ?? null;
      scenario.select(lab.params.scenario ?? lab.scenarios[0]?.id ?? null);
      protocol.select(lab.params.protocol ?? spoken);
      message.select(lab.params.message ?? lab.messages[0]?.id ?? null);
      const isOther = spoken !== null && lab.params.protocol !== null && lab.params.protocol !== spoken;
      setHidden(only, !isOther);
      setText(only, isOther ? t('This arm speaks {protocol} only.', { protocol: PROTOCOL_NAMES[spoken] }) : '');
      for (const group of [scenario, protocol, message]) group.setDisabled(lab.running);
    },
  };
}

/** "Server dies · gRPC · telemetry": what a run was where the lab leaves a choice; '': it leaves none. */
export function choicesOf(result: Pick<RunResult, 'scenario' | 'protocol' | 'message'>, lab: LabState): string {
  const titled = (id: string | undefined, all: readonly { readonly id: string; readonly title: string }[]) =>
    id === undefined || all.length === 0 ? [] : [all.find((one) => one.id === id)?.title ?? id];
  return [
    ...titled(result.scenario, lab.scenarios),
    ...(result.protocol === undefined || lab.protocols.length === 0 ? [] : [PROTOCOL_NAMES[result.protocol]]),
    ...titled(result.message, lab.messages),
  ].join(' · ');
}
