import type { Service } from '../../protocol/backendWorker';
import { TOKEN } from '../../protocol/tokens';
import type { StartRestService } from './restService';

/** Longer ones are not looked at: a signature check costs, and whoever asks has shown nothing yet. */
const LONGEST_TOKEN = 4096;

/**
 * The verifier behind `auth_request`: any GET below /verify is 204 with the token's subject in `x-user`, or 401 with a
 * challenge that says what is wrong (RFC 6750, section 3).
 */
export const verifierRest: StartRestService<Extract<Service, { kind: 'verifier' }>> = async (
  _options,
  { answer },
  { tokenKey },
) => {
  if (tokenKey === undefined) throw new Error('A verifier needs the key of its run');
  const { errors, importJWK, jwtVerify } = await import('jose');
  const key = await importJWK({ ...tokenKey }, TOKEN.algorithm);
  /** What is wrong in the words of the RFC; null: no token was shown. */
  const challenge = (fault: string | null): string =>
    fault === null ? 'Bearer realm="lab"' : `Bearer realm="lab", error="invalid_token", error_description="${fault}"`;
  return {
    mount(app) {
      app.get('/verify', async (req, res) => {
        const token = /^Bearer +([\w.~+/=-]+)$/i.exec(req.headers.authorization ?? '')?.[1];
        const deny = (fault: string | null): void => {
          res.set('WWW-Authenticate', challenge(fault));
          answer(res, 401, { error: { code: 'unauthenticated', message: fault ?? 'no token' } });
        };
        if (token === undefined) {
          deny(req.headers.authorization === undefined ? null : 'the token is malformed');
          return;
        }
        if (token.length > LONGEST_TOKEN) {
          deny('the token is too long');
          return;
        }
        try {
          const { payload } = await jwtVerify(token, key, {
            issuer: TOKEN.issuer,
            audience: TOKEN.audience,
            // Never the algorithm that the token itself asks for: "none" is one (RFC 8725, section 3.1).
            algorithms: [TOKEN.algorithm],
          });
          res.set('X-User', payload.sub ?? '');
          answer(res, 204, undefined);
        } catch (error) {
          deny(faultOf(error, errors));
        }
      });
    },
  };
};

function faultOf(error: unknown, { JWTExpired, JWSSignatureVerificationFailed }: typeof import('jose').errors): string {
  if (error instanceof JWTExpired) return 'the token has expired';
  if (error instanceof JWSSignatureVerificationFailed) return 'the signature is wrong';
  return 'the token is not accepted';
}
