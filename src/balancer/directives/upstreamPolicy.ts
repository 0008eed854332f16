import { message } from '../../base/message';
import type { Comment, Directive } from '../../conf/ast';
import { policies } from '../policies/index';
import type { Policy } from '../policy';
import type { Template } from '../template';
import { type Entry, list, type Reading } from './entry';
import { labWords } from './labComment';
import type { Scope } from './scope';

/** Which policy an upstream has: directives of the registry's policies, and `# lab: policy` comments. */

/** `# lab: policy NAME;` inside an upstream chooses a policy that nginx itself does not have. */
export function readLabPolicy(comment: Comment, scope: Scope, reading: Reading, directive: Directive): void {
  const words = labWords(comment);
  if (words === null) return;
  reading.ownComment(comment);
  const name = words[1]?.replace(/;$/, '');
  const context = scope.isStream ? 'stream' : 'http';
  const candidates = policies.filter((policy) => policy.labName !== undefined && policy.contexts.includes(context));
  const policy = candidates.find((candidate) => candidate.labName === name);
  if (words[0] !== 'policy' || words.length !== 2 || policy === undefined) {
    reading.error(
      comment.span,
      message('unknown "lab:" comment inside an upstream'),
      message('Write "# lab: policy NAME;" with one of: {words}.', {
        words: candidates.map((each) => each.labName ?? each.name).join(', '),
      }),
    );
    return;
  }
  choosePolicy(policy, null, comment.span, scope, reading, directive);
}

export interface ChosenPolicy {
  readonly policy: Policy;
  readonly config: unknown;
}

/** What an upstream's directives and `# lab:` comment chose, in the order of the file; set by choosePolicy() only. */
export const chosenPolicies = list<ChosenPolicy>({
  name: 'balancing method',
  contexts: [],
  args: [0, 0],
  inherits: false,
  read: () => undefined,
});

function choosePolicy(
  policy: Policy,
  directive: Directive | null,
  span: Directive['span'],
  scope: Scope,
  reading: Reading,
  owner: Directive,
): void {
  const before = scope.own(chosenPolicies) ?? [];
  if (before.some((chosen) => chosen.policy.over === undefined) && policy.over === undefined) {
    reading.warn(span, message('load balancing method redefined'));
  }
  if (policy.since !== undefined) {
    reading.note(
      span,
      message('“{policy}” is in open source nginx from version {version} on', {
        policy: policy.directive ?? policy.name,
        version: policy.since,
      }),
    );
  }
  const config = policy.parse(directive);
  if (config.ok) scope.set(chosenPolicies, [{ policy, config: config.value }], owner);
  else for (const problem of config.error) reading.error(problem.span, problem.message, problem.hint);
}

/** The policy of an upstream whose block was read: the last method named, under the one that lies over it, if any. */
export function policyOf(scope: Scope, reading: Reading): ChosenPolicy & { readonly key: Template | null } {
  const chosen = scope.get(chosenPolicies);
  const [byDefault] = policies;
  if (byDefault === undefined) throw new Error('The registry of policies begins with the default one');
  const plain = byDefault.parse(null);
  const base =
    chosen.filter(({ policy }) => policy.over === undefined).at(-1) ??
    ({ policy: byDefault, config: plain.ok ? plain.value : null } satisfies ChosenPolicy);
  const top = chosen.filter(({ policy }) => policy.over !== undefined).at(-1);
  let result: ChosenPolicy = base;
  if (top !== undefined) {
    const joined = top.policy.over?.(top.config, base.policy, base.config);
    if (joined?.ok === false) {
      for (const problem of joined.error) reading.error(problem.span, problem.message, problem.hint);
    }
    result = { policy: top.policy, config: joined?.ok === true ? joined.value : top.config };
  }
  const key = result.policy.keyArgument?.(result.config) ?? null;
  if (key === null) return { ...result, key: null };
  const word = { value: key.source, quoted: false, span: key.span };
  return { ...result, key: reading.template(word, scope) };
}

/** One entry for each policy of the registry that has a directive: adding a policy adds its directive. */
export const policyEntries: readonly Entry[] = policies.flatMap((policy): Entry[] => {
  if (policy.directive === null) return [];
  return [
    {
      name: policy.directive,
      contexts: policy.contexts.map((context) => (context === 'http' ? 'upstream' : 'stream-upstream')),
      // The policy counts its own arguments.
      args: [0, 64],
      block: false,
      inherits: false,
      initial: null,
      join: 'last',
      read(directive, reading, scope) {
        choosePolicy(policy, directive, directive.headSpan, scope, reading, directive);
        return null;
      },
    },
  ];
});
