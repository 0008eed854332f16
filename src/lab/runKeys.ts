import { generateKeyPairSync } from 'node:crypto';
import type { PrivateKey, PublicKey } from '../protocol/tokens';
import { everyServer, type LabDefinition } from './labDefinition';

/** The key with which one run's tokens are signed, and its public half. */
export interface RunKeys {
  readonly signing: PrivateKey;
  readonly verifying: PublicKey;
}

/** Makes the key of a run; null where nobody in the lab verifies tokens. */
export function runKeys(definition: LabDefinition): RunKeys | null {
  if (!everyServer(definition).some(({ service }) => service.kind === 'verifier')) return null;
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const { kty, crv, x, y, d } = privateKey.export({ format: 'jwk' });
  if (kty === undefined || crv === undefined || x === undefined || y === undefined || d === undefined) {
    throw new Error('a P-256 key has all its parts');
  }
  return { signing: { kty, crv, x, y, d }, verifying: { kty, crv, x, y } };
}
