import type { Clock } from '../../base/clock';
import { ReaderError } from '../../base/errors';
import { message } from '../../base/message';
import { Dialogue, type Said, Silence, StoreRefusal } from './dialogue';
import type { RedisAddress } from './redisAddress';

/** A store that says nothing for so long would hold up every page. */
const PATIENCE_MS = 3_000;

export interface Examined {
  /** "7.0.15"; null: it does not tell. */
  readonly version: string | null;
  /** "redis" or "valkey". */
  readonly family: 'redis' | 'valkey';
}

/**
 * Whether sessions can be kept there: it answers, is a Redis, lets us in and lets us write. Throws ReaderError with the
 * codes 'redis-down', 'redis-slow', 'redis-password', 'redis-not-redis', 'redis-refuses'.
 */
export async function examineStore(
  at: RedisAddress,
  prefix: string,
  clock: Clock,
  patienceMs = PATIENCE_MS,
): Promise<Examined> {
  const dialogue = await enter(at, clock, patienceMs);
  try {
    const demand = async (...words: readonly string[]): Promise<Said> => {
      const said = await dialogue.ask(...words);
      if (said instanceof StoreRefusal) throw refused(at, said);
      return said;
    };
    if ((await demand('PING')) !== 'PONG') throw new Silence('not-redis');
    const key = `${prefix}probe`;
    await demand('SET', key, '1', 'EX', '5');
    await demand('DEL', key);
    // A server that keeps its version to itself is a good store all the same.
    const info = await dialogue.ask('INFO', 'server');
    return versionOf(typeof info === 'string' ? info : '');
  } catch (error) {
    throw told(error, at, patienceMs);
  } finally {
    dialogue.dispose();
  }
}

/** Takes away every key of a run. Throws ReaderError. */
export async function forgetKeys(at: RedisAddress, prefix: string, clock: Clock): Promise<void> {
  const dialogue = await enter(at, clock, PATIENCE_MS);
  try {
    let cursor = '0';
    do {
      const page = await dialogue.ask('SCAN', cursor, 'MATCH', `${prefix}*`, 'COUNT', '500');
      if (!Array.isArray(page)) return;
      const [next, keys] = page as readonly Said[];
      if (Array.isArray(keys) && keys.length > 0) await dialogue.ask('DEL', ...keys.map(String));
      cursor = String(next);
    } while (cursor !== '0');
  } catch (error) {
    throw told(error, at, PATIENCE_MS);
  } finally {
    dialogue.dispose();
  }
}

async function enter(at: RedisAddress, clock: Clock, patienceMs: number): Promise<Dialogue> {
  let dialogue: Dialogue | null = null;
  try {
    dialogue = await Dialogue.begin(at, patienceMs, clock);
    if (at.password !== null) {
      const said = await dialogue.ask('AUTH', ...(at.user === null ? [] : [at.user]), at.password);
      if (said instanceof StoreRefusal) throw refused(at, said);
    }
    if (at.database !== 0) {
      const said = await dialogue.ask('SELECT', String(at.database));
      if (said instanceof StoreRefusal) throw refused(at, said);
    }
    return dialogue;
  } catch (error) {
    dialogue?.dispose();
    throw told(error, at, patienceMs);
  }
}

function refused(at: RedisAddress, refusal: StoreRefusal): ReaderError {
  const url = at.shown;
  if (refusal.code === 'NOAUTH') {
    return new ReaderError(
      'redis-password',
      message('The Redis at {url} wants a password. Write it into the address: redis://:password@host:port.', { url }),
    );
  }
  // Redis before 6 has no code of its own for it.
  if (refusal.code === 'WRONGPASS' || /invalid (username-)?password|without any password/i.test(refusal.text)) {
    return new ReaderError(
      'redis-password',
      message('The Redis at {url} does not accept this user name and password: {detail}', {
        url,
        detail: refusal.text,
      }),
    );
  }
  return new ReaderError(
    'redis-refuses',
    message('The Redis at {url} cannot keep sessions: {detail}', { url, detail: refusal.text }),
  );
}

function told(error: unknown, at: RedisAddress, patienceMs: number): unknown {
  if (!(error instanceof Silence)) return error;
  const url = at.shown;
  switch (error.reason) {
    case 'late':
      return new ReaderError(
        'redis-slow',
        message(
          '{url} did not answer within {seconds} s. A session store as slow as that would hold up every request.',
          {
            url,
            seconds: patienceMs / 1000,
          },
        ),
      );
    case 'not-redis':
      return new ReaderError(
        'redis-not-redis',
        message('Something answers at {url}, but it is no Redis. Check host and port.', { url }),
      );
    case 'unreachable':
      return new ReaderError(
        'redis-down',
        message(
          'No Redis can be reached at {url} ({detail}). Start it, or take the address away (setting trafficLab.redisUrl, option --redis): then the lab brings a store of its own.',
          {
            url,
            detail: error.message,
          },
        ),
      );
  }
}

function versionOf(info: string): Examined {
  const valkey = /^valkey_version:(\S+)/m.exec(info)?.[1];
  if (valkey !== undefined) return { version: valkey, family: 'valkey' };
  return { version: /^redis_version:(\S+)/m.exec(info)?.[1] ?? null, family: 'redis' };
}
