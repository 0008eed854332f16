/**
 * The tokens of a lab: JSON web tokens (RFC 7519), signed with a key that is made for one run, lives in the memory of its
 * threads and is never written anywhere. Clients sign with the private half, the verifier is given the public half only.
 */

export const TOKEN = {
  algorithm: 'ES256',
  issuer: 'https://login.lab.example',
  audience: 'lab-api',
  /** Longer than any run, s. */
  lifetimeSeconds: 24 * 3600,
} as const;

/** JSON web keys (RFC 7517, RFC 7518 section 6.2). */
export interface PublicKey {
  readonly kty: string;
  readonly crv: string;
  readonly x: string;
  readonly y: string;
}

export interface PrivateKey extends PublicKey {
  readonly d: string;
}
