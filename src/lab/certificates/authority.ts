import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import type { Clock } from '../../base/clock';
import type { TlsIdentity } from '../../protocol/backendWorker';
import {
  bitString,
  boolean,
  type Der,
  explicit,
  implicit,
  integer,
  objectId,
  octetString,
  sequence,
  setOf,
  time,
  utf8,
} from './der';

/** Nobody but this machine can be meant by these. */
const LOOPBACK_NAME = 'localhost';
const LOOPBACK_ADDRESS = Uint8Array.of(127, 0, 0, 1);
const LOOPBACK_NETWORK = Uint8Array.of(127, 0, 0, 0, 255, 0, 0, 0);

/** A clock that was set back a little must not refuse what was just made. */
const VALID_FROM_MS = -3_600_000;
const VALID_FOR_MS = 24 * 3_600_000;

const OID = {
  ecdsaWithSha256: '1.2.840.10045.4.3.2',
  commonName: '2.5.4.3',
  organization: '2.5.4.10',
  subjectKeyIdentifier: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  nameConstraints: '2.5.29.30',
  authorityKeyIdentifier: '2.5.29.35',
  extendedKeyUsage: '2.5.29.37',
  serverAuth: '1.3.6.1.5.5.7.3.1',
};

interface Party {
  readonly name: string;
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

/**
 * A certificate authority for one run (RFC 5280): made in memory when it is first asked, kept nowhere, trusted by the
 * lab's own clients only. It may vouch for localhost and 127.0.0.0/8 and for nothing else (name constraints), so that it
 * would be of no use to anyone who got hold of its key. Keys are ECDSA P-256.
 */
export class Authority {
  readonly #clock: Clock;
  readonly #issued = new Map<string, TlsIdentity>();
  #root: { readonly party: Party; readonly certificate: string } | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Its own certificate, PEM: what a client trusts. */
  get certificate(): string {
    return this.#made().certificate;
  }

  /** The certificate and key of one of the lab's parts: CN is the name, the addresses are those of this machine. */
  issue(name: string): TlsIdentity {
    const known = this.#issued.get(name);
    if (known !== undefined) return known;
    const { party: root } = this.#made();
    const party = newParty(name);
    const certificate = this.#sign(party, root, [
      extension(OID.basicConstraints, true, sequence()),
      // digitalSignature
      extension(OID.keyUsage, true, bitString(Uint8Array.of(0b1000_0000), 7)),
      extension(OID.extendedKeyUsage, false, sequence(objectId(OID.serverAuth))),
      extension(OID.subjectAltName, false, sequence(dnsName(LOOPBACK_NAME), ipAddress(LOOPBACK_ADDRESS))),
      extension(OID.authorityKeyIdentifier, false, sequence(implicit(0, keyIdentifier(root.publicKey)))),
    ]);
    const identity = { certificate, key: party.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() };
    this.#issued.set(name, identity);
    return identity;
  }

  #made(): { readonly party: Party; readonly certificate: string } {
    if (this.#root !== null) return this.#root;
    const party = newParty('Traffic Lab run CA');
    const permitted = explicit(0, sequence(dnsName(LOOPBACK_NAME)), sequence(ipAddress(LOOPBACK_NETWORK)));
    const certificate = this.#sign(party, party, [
      extension(OID.basicConstraints, true, sequence(boolean(true), integer(Uint8Array.of(0)))),
      // keyCertSign
      extension(OID.keyUsage, true, bitString(Uint8Array.of(0b0000_0100), 2)),
      extension(OID.nameConstraints, true, sequence(permitted)),
    ]);
    this.#root = { party, certificate };
    return this.#root;
  }

  #sign(subject: Party, issuer: Party, extensions: readonly Der[]): string {
    const now = this.#clock.wallNow();
    const algorithm = sequence(objectId(OID.ecdsaWithSha256));
    // A serial number is positive and has at most 20 bytes.
    const serial = Uint8Array.of(0x01, ...randomBytes(15));
    const toSign = sequence(
      explicit(0, integer(Uint8Array.of(2))),
      integer(serial),
      algorithm,
      distinguishedName(issuer.name),
      sequence(time(now + VALID_FROM_MS), time(now + VALID_FOR_MS)),
      distinguishedName(subject.name),
      publicKeyInfo(subject.publicKey),
      explicit(
        3,
        sequence(
          extension(OID.subjectKeyIdentifier, false, octetString(keyIdentifier(subject.publicKey))),
          ...extensions,
        ),
      ),
    );
    const signature = sign('sha256', toSign, issuer.privateKey);
    return pem('CERTIFICATE', sequence(toSign, algorithm, bitString(signature)));
  }
}

function newParty(name: string): Party {
  return { name, ...generateKeyPairSync('ec', { namedCurve: 'P-256' }) };
}

function distinguishedName(commonName: string): Der {
  const part = (id: string, value: string) => setOf(sequence(objectId(id), utf8(value)));
  return sequence(part(OID.organization, 'Traffic Lab'), part(OID.commonName, commonName));
}

function dnsName(name: string): Der {
  return implicit(2, Buffer.from(name, 'latin1'));
}

function ipAddress(bytes: Uint8Array): Der {
  return implicit(7, bytes);
}

function extension(id: string, critical: boolean, value: Der): Der {
  return sequence(objectId(id), ...(critical ? [boolean(true)] : []), octetString(value));
}

function publicKeyInfo(key: KeyObject): Der {
  return key.export({ type: 'spki', format: 'der' });
}

/** The leftmost 160 bits of the key's SHA-256 (RFC 7093, section 2). */
function keyIdentifier(key: KeyObject): Uint8Array {
  return createHash('sha256').update(publicKeyInfo(key)).digest().subarray(0, 20);
}

function pem(label: string, der: Der): string {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n');
}
