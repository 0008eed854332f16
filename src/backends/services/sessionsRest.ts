import type { ErrorRequestHandler, Request, RequestHandler, Response } from 'express';
import session, { MemoryStore } from 'express-session';
import type { Service } from '../../protocol/backendWorker';
import type { StartRestService } from './restService';

declare module 'express-session' {
  interface SessionData {
    user?: string;
    /** How many of each article. */
    cart?: Readonly<Record<string, number>>;
  }
}

const COOKIE = 'sid';
const SESSION_MS = 600_000;
const MOST_OF_AN_ARTICLE = 99;
const ARTICLES = 50;

/**
 * A shop that one logs in to: POST /login {user}, GET /me, GET and POST /cart {article}, POST /logout. Whoever has no
 * session is answered 401, and where sessions are shared and their store is away everyone is answered 503.
 *
 * Sessions are express-session's, as in countless services: in the memory of this server, or in a Redis by connect-redis.
 */
export const sessionsRest: StartRestService<Extract<Service, { kind: 'sessions' }>> = async (_options, door, parts) => {
  const { answer, refuse } = door;
  const shared =
    parts.store === null
      ? null
      : (await import('../store/redisSessions')).redisSessions(parts.store, parts.counters, parts.clock, SESSION_MS);
  await shared?.connected;
  const sessions = session({
    name: COOKIE,
    store: shared?.store ?? new MemoryStore(),
    // One for all servers of a run: else a session could be found by another server and yet not be believed.
    secret: `traffic-lab ${parts.seed}`,
    resave: false,
    saveUninitialized: false,
    cookie: { httpOnly: true, sameSite: 'lax', maxAge: SESSION_MS },
  });

  /** Passes on to the route only whom the session knows. */
  const known: RequestHandler = (req, res, next) => {
    if (req.session.user === undefined) refuse(res, 401, 'not_logged_in', 'Nobody is logged in with this session');
    else next();
  };
  const login = (req: Request, res: Response, next: (error?: unknown) => void): void => {
    const user: unknown = (req.body as { user?: unknown } | undefined)?.user;
    if (typeof user !== 'string' || !/^[\w-]{1,64}$/.test(user)) {
      refuse(res, 400, 'invalid_user', 'user must be 1 to 64 letters, digits, _ or -');
      return;
    }
    // Another id for whoever logs in: one that was known before the login may be known to others (session fixation).
    req.session.regenerate((failed) => {
      if (failed) {
        next(failed);
        return;
      }
      req.session.user = user;
      // Kept before it is answered: a client that holds the cookie may come back at once, by way of another server.
      req.session.save((lost) => (lost ? next(lost) : answer(res, 200, { user })));
    });
  };
  /** The store could not be asked: the client is told so at once, rather than taken for a stranger. */
  const storeAway: ErrorRequestHandler = (error: unknown, _req, res, _next) => {
    // Only prolonging the session failed then; the answer is on its way.
    if (res.headersSent) return;
    const why = error instanceof Error && error.message !== '' ? error.message : 'no reason given';
    refuse(res, 503, 'session_store_unavailable', `The session store cannot be used: ${why}`);
  };

  return {
    mount(app) {
      app.use(sessions);
      app.post('/login', login);
      app.get('/me', known, (req, res) => answer(res, 200, { user: req.session.user }));
      app.get('/cart', known, (req, res) => answer(res, 200, { user: req.session.user, cart: req.session.cart ?? {} }));
      app.post('/cart', known, (req, res) => {
        const article: unknown = (req.body as { article?: unknown } | undefined)?.article;
        const cart = new Map(Object.entries(req.session.cart ?? {}));
        if (typeof article !== 'string' || !/^[a-z0-9]{1,32}$/.test(article)) {
          refuse(res, 400, 'invalid_article', 'article must be 1 to 32 small letters or digits');
        } else if (!cart.has(article) && cart.size >= ARTICLES) {
          refuse(res, 409, 'cart_full', `A cart holds ${ARTICLES} articles`);
        } else {
          cart.set(article, Math.min(MOST_OF_AN_ARTICLE, (cart.get(article) ?? 0) + 1));
          req.session.cart = Object.fromEntries(cart);
          answer(res, 200, { user: req.session.user, cart: req.session.cart });
        }
      });
      app.post('/logout', (req, res, next) => {
        req.session.destroy((failed: unknown) => {
          if (failed) next(failed);
          else answer(res, 200, {});
        });
      });
      app.use(/^\/(login|me|cart|logout)/, storeAway);
    },
    dispose: () => shared?.dispose(),
  };
};
