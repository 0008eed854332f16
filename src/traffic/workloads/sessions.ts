import type { Random } from '../../base/random';
import { CookieJar } from '../cookieJar';
import type { Answer, Call, RestCall, Workload } from './workload';

/** Of what a client that is logged in asks for: who it is, what is in its cart, and now and then one thing more. */
const SHARES = { me: 0.6, cart: 0.2 } as const;
const ARTICLES = 20;

/** One person at a browser: logs in, goes on as itself, and logs in again when it is taken for a stranger. */
interface Person {
  readonly name: string;
  readonly jar: CookieJar;
  isLoggedIn: boolean;
}

/**
 * Clients with a login. Each keeps its cookies, the session's and whatever the balancer gives it. `lost` counts the
 * answers that did not know a client that was logged in: 401, or another one's name.
 */
export function sessionsWorkload(): Workload {
  const people = new Map<number, Person>();
  let created = 0;
  let lost = 0;
  const personAt = (client: number): Person => {
    const known = people.get(client);
    if (known !== undefined) return known;
    const person: Person = { name: `client-${client + 1}`, jar: new CookieJar(), isLoggedIn: false };
    people.set(client, person);
    return person;
  };
  return {
    next(_index, client, random): Call {
      const person = personAt(client);
      const isLogin = !person.isLoggedIn;
      const cookies = person.jar.header;
      return {
        rest: isLogin ? post('/login', { user: person.name }) : wish(random),
        ...(cookies === null ? {} : { headers: { cookie: cookies } }),
        read(answer) {
          person.jar.take(answer.headers('set-cookie'));
          if (isLogin) {
            if (answer.status !== '200' || person.isLoggedIn) return;
            person.isLoggedIn = true;
            created += 1;
          } else if (person.isLoggedIn && isStranger(answer, person.name)) {
            person.isLoggedIn = false;
            lost += 1;
          }
        },
      };
    },
    findings: () => ({
      sessions: { created, kept: [...people.values()].filter((one) => one.isLoggedIn).length, lost },
    }),
  };
}

/** An error that says nothing of the session (502, 503) is none. */
function isStranger(answer: Answer, name: string): boolean {
  if (answer.status === '401') return true;
  return answer.status === '200' && userOf(answer.body) !== name;
}

function userOf(body: Answer['body']): unknown {
  try {
    return (JSON.parse(String(body)) as { user?: unknown } | null)?.user;
  } catch {
    return undefined;
  }
}

function wish(random: Random): RestCall {
  const drawn = random.next();
  if (drawn < SHARES.me) return { method: 'GET', path: '/me' };
  if (drawn < SHARES.me + SHARES.cart) return { method: 'GET', path: '/cart' };
  return post('/cart', { article: `article${1 + Math.floor(random.next() * ARTICLES)}` });
}

function post(path: string, body: object): RestCall {
  return { method: 'POST', path, body: { type: 'application/json', bytes: Buffer.from(JSON.stringify(body)) } };
}
