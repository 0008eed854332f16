import { generateKeyPairSync } from 'node:crypto';
import { type PrivateKey, TOKEN } from '../../protocol/tokens';

/** How many customers share the run's clients. */
const CUSTOMERS = 8;
/** Expired ones ended so long ago, s. */
const EXPIRED_SINCE = 60;

/**
 * Tokens to show to a verifier, signed as a login service would. `bad` has one of each kind in turn: signed with another
 * key, altered after signing, not signed at all. `nowSeconds`: since 1970.
 */
export async function makeTokens(
  kind: 'good' | 'bad' | 'expired',
  key: PrivateKey,
  nowSeconds: number,
): Promise<readonly string[]> {
  const { importJWK, SignJWT, UnsecuredJWT } = await import('jose');
  const sign = async (customer: string, jwk: PrivateKey, issuedAt: number, expiresAt: number): Promise<string> =>
    new SignJWT({})
      .setProtectedHeader({ alg: TOKEN.algorithm })
      .setIssuer(TOKEN.issuer)
      .setAudience(TOKEN.audience)
      .setSubject(customer)
      .setIssuedAt(issuedAt)
      .setExpirationTime(expiresAt)
      .sign(await importJWK({ ...jwk }, TOKEN.algorithm));
  const good = (customer: string, jwk = key) => sign(customer, jwk, nowSeconds, nowSeconds + TOKEN.lifetimeSeconds);
  const customers = Array.from({ length: CUSTOMERS }, (_, index) => `customer-${index + 1}`);
  switch (kind) {
    case 'good':
      return Promise.all(customers.map((customer) => good(customer)));
    case 'expired':
      return Promise.all(
        customers.map((customer) =>
          sign(customer, key, nowSeconds - EXPIRED_SINCE - TOKEN.lifetimeSeconds, nowSeconds - EXPIRED_SINCE),
        ),
      );
    case 'bad': {
      const stranger = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' });
      return [
        await good('customer-1', { ...key, ...(stranger as unknown as PrivateKey) }),
        altered(await good('customer-1')),
        new UnsecuredJWT({})
          .setIssuer(TOKEN.issuer)
          .setAudience(TOKEN.audience)
          .setSubject('customer-1')
          .setExpirationTime(nowSeconds + TOKEN.lifetimeSeconds)
          .encode(),
      ];
    }
  }
}

/** Somebody else's name in a token that was signed for customer-1. */
function altered(token: string): string {
  const [header = '', payload = '', signature = ''] = token.split('.');
  const claims = Buffer.from(payload, 'base64url').toString('utf8').replace('customer-1', 'customer-2');
  return [header, Buffer.from(claims, 'utf8').toString('base64url'), signature].join('.');
}
