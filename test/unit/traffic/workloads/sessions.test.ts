import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../../../src/base/random';
import { sessionsWorkload } from '../../../../src/traffic/workloads/sessions';
import type { Answer, Call } from '../../../../src/traffic/workloads/workload';

/** One client of the workload, and what its servers answer. */
function client() {
  const workload = sessionsWorkload();
  const random = seededRandom(1);
  return {
    ask: (number = 0): Call => workload.next(0, number, random),
    sessions: () => workload.findings({ bytes: 0, requestsSent: 0 }).sessions,
  };
}

function answer(status: number, options: { user?: string; cookies?: readonly string[]; body?: string } = {}): Answer {
  const body = options.body ?? JSON.stringify(options.user === undefined ? {} : { user: options.user });
  const cookies = options.cookies ?? [];
  return {
    status: String(status),
    by: 'server-a',
    header: () => cookies[0] ?? null,
    headers: (name) => (name === 'set-cookie' ? cookies : []),
    body: Buffer.from(body),
  };
}

const loggedIn = answer(200, { user: 'client-1', cookies: ['sid=one', 'srv=a'] });

describe('a client with a login', () => {
  it('logs in first, and goes on with the cookies it was given', () => {
    const { ask, sessions } = client();
    const login = ask();
    expect(login.rest).toMatchObject({ method: 'POST', path: '/login' });
    expect(login.headers).toBeUndefined();
    login.read?.(loggedIn);
    const next = ask();
    expect(next.rest?.path).not.toBe('/login');
    expect(next.headers).toEqual({ cookie: 'sid=one; srv=a' });
    next.read?.(answer(200, { user: 'client-1' }));
    expect(sessions()).toEqual({ created: 1, kept: 1, lost: 0 });
  });

  it.each([
    ['nobody knows it', answer(401)],
    ['it is taken for another', answer(200, { user: 'client-2' })],
    ['the answer names nobody', answer(200, { body: 'welcome' })],
  ])('notices when %s, and logs in again', (_what, stranger) => {
    const { ask, sessions } = client();
    ask().read?.(loggedIn);
    ask().read?.(stranger);
    expect(sessions()).toEqual({ created: 1, kept: 0, lost: 1 });
    const again = ask();
    expect(again.rest?.path).toBe('/login');
    again.read?.(answer(200, { user: 'client-1', cookies: ['sid=two'] }));
    expect(sessions()).toEqual({ created: 2, kept: 1, lost: 1 });
    expect(ask().headers).toEqual({ cookie: 'sid=two; srv=a' });
  });

  it.each([502, 503])('does not take a %i for the loss of its login', (status) => {
    const { ask, sessions } = client();
    ask().read?.(loggedIn);
    ask().read?.(answer(status));
    expect(sessions()).toEqual({ created: 1, kept: 1, lost: 0 });
    expect(ask().rest?.path).not.toBe('/login');
  });

  it('tries the login again until it succeeds', () => {
    const { ask, sessions } = client();
    ask().read?.(answer(503));
    expect(sessions()).toEqual({ created: 0, kept: 0, lost: 0 });
    expect(ask().rest?.path).toBe('/login');
  });

  it('shares nothing with the other clients', () => {
    const { ask, sessions } = client();
    ask(0).read?.(loggedIn);
    const other = ask(1);
    expect(other.rest?.path).toBe('/login');
    expect(other.headers).toBeUndefined();
    other.read?.(answer(200, { user: 'client-2', cookies: ['sid=other'] }));
    ask(0).read?.(answer(401));
    expect(ask(1).headers).toEqual({ cookie: 'sid=other' });
    expect(sessions()).toEqual({ created: 2, kept: 1, lost: 1 });
  });
});
