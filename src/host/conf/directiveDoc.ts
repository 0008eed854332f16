import { type Context, contextNames } from '../../balancer/directives/entry';
import { notYet } from '../../balancer/directives/notYet';
import { entriesNamed } from '../../balancer/directives/table';
import { policies } from '../../balancer/policies/index';
import { type Catalog, type Message, message, renderMessage } from '../../base/message';
import { arityText, helpFor } from './directiveHelp';

/** Whether the balancer of the labs refuses the directive there for now. */
export function isNotYet(name: string, context: Context): boolean {
  return notYet.has(context.startsWith('stream') ? `stream/${name}` : name);
}

/** What is known of a directive where it stands, as Markdown; null: it is no directive. */
export function directiveDoc(name: string, context: Context | null, catalog: Catalog): string | null {
  const entries = entriesNamed(name);
  const entry = entries.find((candidate) => context !== null && candidate.contexts.includes(context)) ?? entries[0];
  const where = context !== null && entry?.contexts.includes(context) ? context : entry?.contexts[0];
  if (entry === undefined || where === undefined) return null;
  const say = (text: Message) => renderMessage(text, catalog);
  const help = helpFor(name, where);
  const contexts = [...new Set(entries.flatMap((candidate) => candidate.contexts))].map((id) => contextNames[id]);
  return [
    `\`\`\`traffic-lab-nginx\n${help?.form ?? (entry.block ? `${name} { … }` : `${name} …;`)}\n\`\`\``,
    help === null ? null : say(help.text),
    isNotYet(name, where) ? say(message('The labs’ balancer does not support it yet.')) : null,
    `${say(message('Allowed in: {contexts}', { contexts: contexts.join(', ') }))} · ${say(arityText(entry.args))}`,
    help === null ? null : `nginx: ${help.page}`,
  ]
    .filter((part) => part !== null)
    .join('\n\n');
}

/** What a `# lab:` comment says, as Markdown; null: it is an ordinary comment. */
export function labCommentDoc(comment: string, catalog: Catalog): string | null {
  const words = /^#\s*lab:\s*(.*)$/.exec(comment)?.[1]?.split(/\s+/) ?? null;
  if (words === null) return null;
  const [verb = '', first = '', second = ''] = words;
  const say = (text: Message) => renderMessage(text, catalog);
  const about = [say(message('The lab reads this comment; nginx does not.'))];
  if (verb === 'backend') {
    about.push(
      say(
        message('The address before it is the server {id} of the lab, which speaks {protocol} there.', {
          id: first,
          protocol: second === 'grpc' ? 'gRPC' : second.toUpperCase(),
        }),
      ),
    );
  } else if (verb === 'policy') {
    about.push(say(message('It chooses a policy that nginx itself does not have: {names}.', { names: labPolicies() })));
  } else {
    about.push(
      say(message('It is “backend <server> <rest|grpc>” behind a server, or “policy <name>;” in an upstream.')),
    );
  }
  return about.join(' ');
}

/** Names for `# lab: policy`. */
export function labPolicyNames(): readonly string[] {
  return policies.flatMap((policy) => policy.labName ?? []);
}

function labPolicies(): string {
  return labPolicyNames().join(', ');
}
