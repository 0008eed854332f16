import { createPrivateKey, X509Certificate } from 'node:crypto';
import { message } from '../../base/message';
import type { Span } from '../../base/problem';
import type { Word } from '../../conf/ast';
import type { PemFile } from '../plan';
import type { Reading } from './entry';

/** Certificates and keys: read, and proven good, together with the configuration, so that the proxies open no file. */

const CERTIFICATES =
  /-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----[\s\S]*?-----END (?:X509 |TRUSTED )?CERTIFICATE-----/g;

/** One certificate or a chain of them, the server's own first; undefined with the problem reported. */
export function readCertificates(word: Word, reading: Reading): PemFile | undefined {
  const file = readPem(word, reading);
  if (file === undefined) return undefined;
  const blocks = certificatesIn(file.text);
  const why =
    blocks.length === 0
      ? 'no start line: Expecting: CERTIFICATE'
      : firstProblem(blocks, (one) => new X509Certificate(one));
  if (why === null) return file;
  reading.error(
    word.span,
    message('cannot load certificate "{file}": {reason}', { file: word.value, reason: why }),
    message('It must be a PEM file with "-----BEGIN CERTIFICATE-----".'),
  );
  return undefined;
}

/**
 * A private key, in the clear whatever it was in the file; undefined with the problem reported. `passPhrases` are those of
 * the directive of that name.
 */
export function readKey(
  word: Word,
  reading: Reading,
  passPhrases: readonly string[],
  directive: string,
): PemFile | undefined {
  const file = readPem(word, reading);
  if (file === undefined) return undefined;
  const why = firstProblem([file.text], createPrivateKey);
  if (why === null) return file;
  for (const passphrase of passPhrases) {
    try {
      const key = createPrivateKey({ key: file.text, passphrase });
      return { path: file.path, text: key.export({ type: 'pkcs8', format: 'pem' }).toString() };
    } catch {
      // Of another key.
    }
  }
  reading.error(
    word.span,
    message('cannot load certificate key "{file}": {reason}', { file: word.value, reason: why }),
    message('It must be a PEM file with a private key; its pass phrase, if it has one, in the file of "{directive}".', {
      directive,
    }),
  );
  return undefined;
}

/** Whether the key is the certificate's; else the problem is reported. */
export function checkPair(certificate: PemFile, key: PemFile, at: Span, reading: Reading): boolean {
  if (new X509Certificate(certificate.text).checkPrivateKey(createPrivateKey(key.text))) return true;
  reading.error(
    at,
    message('SSL_CTX_use_PrivateKey("{file}") failed (key values mismatch)', { file: key.path }),
    message('The key belongs to another certificate than "{certificate}".', { certificate: certificate.path }),
  );
  return false;
}

/** The PEM blocks of the certificates in a text, in order. */
export function certificatesIn(text: string): readonly string[] {
  return text.match(CERTIFICATES) ?? [];
}

/** Whether OpenSSL takes it all together; else the problem is reported. */
export function provenGood(at: Span, reading: Reading, make: () => unknown): boolean {
  const why = firstProblem([''], make);
  if (why === null) return true;
  reading.error(at, message('TLS cannot be set up: {reason}', { reason: why }));
  return false;
}

/** A file's text, whatever is in it; undefined with the problem reported. */
export function readPem(word: Word, reading: Reading): PemFile | undefined {
  if (word.value.includes('$') || /^(engine|data|store):/.test(word.value)) {
    reading.error(word.span, message('only a file can be named here'));
    return undefined;
  }
  const content = reading.readFile(word.value);
  if (content === null) {
    reading.error(word.span, message('cannot load "{file}": No such file or directory', { file: word.value }));
    return undefined;
  }
  return { path: word.value, text: content };
}

function firstProblem(texts: readonly string[], load: (text: string) => unknown): string | null {
  for (const text of texts) {
    try {
      load(text);
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }
  return null;
}
