import * as path from 'node:path';
import { readJson } from '../base/jsonSource';
import { message } from '../base/message';
import type { Problem } from '../base/problem';
import { err, ok, type Result } from '../base/result';
import type { ConfSource } from '../protocol/balancerWorker';
import { checkMessage } from '../protocol/messageShape';
import { loadMessagesService, MAX_MESSAGE_BYTES } from '../protocol/messagesService';
import type { SentMessage } from '../protocol/trafficWorker';
import { ConfProblems } from './labConf';
import type { ArmDefinition, LabDefinition, MessageDefinition } from './labDefinition';
import { readLabFile } from './labFiles';

/** Whether the arm sends one of the lab's messages. */
export function sendsMessage(arm: ArmDefinition): boolean {
  return arm.workload.kind === 'message';
}

/** The lab's message of that id; without one, its first. null: the lab has none. */
export function messageNamed(definition: LabDefinition, id: string | null): MessageDefinition | null {
  return definition.messages.find((candidate) => candidate.id === id) ?? definition.messages[0] ?? null;
}

/** Reads one of the lab's messages (or takes the text given) and checks it. Throws ConfProblems. */
export async function prepareMessage(
  definition: LabDefinition,
  wanted: MessageDefinition,
  source?: ConfSource,
): Promise<SentMessage> {
  const file = source?.path ?? path.join(definition.folder, wanted.file);
  const text = source === undefined ? await readLabFile(definition.folder, wanted.file) : ok(source.text);
  if (!text.ok) throw new ConfProblems(text.error);
  const checked = await understandMessage(wanted, file, text.value);
  if (!checked.ok) throw new ConfProblems(checked.error);
  return checked.value;
}

/** The message that a text is; or all that is wrong with it: not JSON, not of the type, too long. */
export async function understandMessage(
  { id }: MessageDefinition,
  file: string,
  text: string,
): Promise<Result<SentMessage, readonly Problem[]>> {
  const source = readJson(text, file);
  if (!source.ok) return source;
  const { value, locate } = source.value;
  const { shapes } = await loadMessagesService();
  const problems = checkMessage(shapes[id], value).map(
    (fault): Problem => ({ severity: 'error', message: fault.message, span: locate(fault.path) }),
  );
  const bytes = Buffer.byteLength(JSON.stringify(value));
  if (bytes > MAX_MESSAGE_BYTES) {
    const tooLong = message('The message has {bytes} bytes as JSON; the servers take {limit} at most.', {
      bytes,
      limit: MAX_MESSAGE_BYTES,
    });
    problems.push({ severity: 'error', message: tooLong, span: locate([]) });
  }
  return problems.length > 0 ? err(problems) : ok({ kind: id, value: value as object });
}
