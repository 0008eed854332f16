import type { Clock, Timer } from '../../base/clock';
import { err, ok, type Result } from '../../base/result';
import type { Note } from '../../protocol/messagesService';

export interface NotesWanted {
  /** 1 to 1000. */
  readonly messages: number;
  /** Time between two, ms; 0 to 10,000. */
  readonly everyMs: number;
}

/** What a caller asked for, or in English, as APIs speak, what is wrong with it. */
export function readNotesWanted(messages: unknown, everyMs: unknown): Result<NotesWanted, string> {
  const isWhole = (value: unknown, min: number, max: number): value is number =>
    Number.isInteger(value) && Number(value) >= min && Number(value) <= max;
  if (!isWhole(messages, 1, 1000)) return err('messages must be a whole number from 1 to 1000');
  if (!isWhole(everyMs, 0, 10_000)) return err('every_ms must be a whole number from 0 to 10000');
  return ok({ messages, everyMs });
}

/** Tells one note after the other, the first at once, then that it ended. Returns what stops it. */
export function tellNotes(
  from: string,
  { messages, everyMs }: NotesWanted,
  clock: Clock,
  tell: (note: Note) => void,
  ended: () => void,
): () => void {
  let told = 0;
  let timer: Timer | null = null;
  const next = (): void => {
    told += 1;
    tell({ from, number: told, text: `Note ${told} of ${messages}` });
    if (told === messages) ended();
    else timer = clock.setTimeout(next, everyMs);
  };
  next();
  return () => timer?.cancel();
}
