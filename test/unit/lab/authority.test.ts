import { createPrivateKey, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer } from 'node:tls';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/base/clock';
import { Authority } from '../../../src/lab/certificates/authority';
import { integer, objectId, time } from '../../../src/lab/certificates/der';

const authority = new Authority(systemClock());
const root = new X509Certificate(authority.certificate);
const leaf = new X509Certificate(authority.issue('users-a').certificate);

describe('the authority of a run', () => {
  it('vouches for the lab’s parts, by name', () => {
    expect(leaf.subject).toBe('O=Traffic Lab\nCN=users-a');
    expect(leaf.issuer).toBe(root.subject);
    expect(leaf.verify(root.publicKey)).toBe(true);
    expect(leaf.checkIssued(root)).toBe(true);
    expect(leaf.checkPrivateKey(createPrivateKey(authority.issue('users-a').key))).toBe(true);
    expect([root.ca, leaf.ca]).toEqual([true, false]);
  });

  it('gives one certificate to each, another to each run', () => {
    expect(authority.issue('users-a')).toBe(authority.issue('users-a'));
    expect(authority.issue('users-b').certificate).not.toBe(authority.issue('users-a').certificate);
    expect(new Authority(systemClock()).certificate).not.toBe(authority.certificate);
  });

  it('is good for this machine only, and not for long', () => {
    expect(leaf.subjectAltName).toBe('DNS:localhost, IP Address:127.0.0.1');
    expect(leaf.checkHost('localhost')).toBe('localhost');
    expect(leaf.checkHost('example.com')).toBeUndefined();
    expect(Date.parse(leaf.validTo) - Date.parse(leaf.validFrom)).toBeLessThanOrEqual(26 * 3_600_000);
    // The constraint is in the authority's certificate, so that nothing else it signs is believed either.
    expect(root.toLegacyObject().raw.includes(Buffer.from('localhost', 'latin1'))).toBe(true);
  });

  it.each([
    ['localhost', 'believes', null],
    ['example.com', 'refuses', 'ERR_TLS_CERT_ALTNAME_INVALID'],
  ])('a client that asks for %s %s it', async (servername, _verdict, wanted) => {
    const { certificate: cert, key } = authority.issue('balancer');
    const server = createServer({ cert, key }, (socket) => socket.on('error', () => {}));
    server.on('tlsClientError', () => {});
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    const socket = connect({ host: '127.0.0.1', port, servername, ca: authority.certificate });
    const told = await once(socket, 'secureConnect').then(
      () => null,
      (error: NodeJS.ErrnoException) => error.code,
    );
    socket.destroy();
    await new Promise((closed) => server.close(closed));
    expect(told).toBe(wanted);
  });

  it('is not believed by a client that trusts another', async () => {
    const other = new X509Certificate(new Authority(systemClock()).certificate);
    expect(leaf.verify(other.publicKey)).toBe(false);
  });
});

describe('DER', () => {
  it.each([
    [[0], '020100'],
    [[0, 0, 5], '020105'],
    [[0x80], '02020080'],
    [[0x01, 0x00], '02020100'],
  ])('writes the whole number %j', (bytes, wanted) => {
    expect(Buffer.from(integer(Uint8Array.from(bytes))).toString('hex')).toBe(wanted);
  });

  it('writes object identifiers (X.690, section 8.19)', () => {
    expect(Buffer.from(objectId('1.2.840.113549')).toString('hex')).toBe('06062a864886f70d');
  });

  it('writes years from 2050 on with four digits', () => {
    expect(
      Buffer.from(time(Date.UTC(2049, 11, 31, 23, 59, 59)))
        .toString('latin1')
        .slice(2),
    ).toBe('491231235959Z');
    expect(
      Buffer.from(time(Date.UTC(2050, 0, 1)))
        .toString('latin1')
        .slice(2),
    ).toBe('20500101000000Z');
  });
});
