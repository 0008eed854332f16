/**
 * What a file says, in the form in which all of a request is kept: its bytes (UTF-8) as latin1 text, one character each.
 * So it is the same bytes on the wire, and equal to what a client sends, as in nginx, which knows bytes only.
 */
export function byteText(text: string): string {
  return isAscii(text) ? text : Buffer.from(text, 'utf8').toString('latin1');
}

/** The other way: bytes as a reader reads them, and as file names are. What is no UTF-8 becomes U+FFFD. */
export function readableText(bytes: string): string {
  return isAscii(bytes) ? bytes : Buffer.from(bytes, 'latin1').toString('utf8');
}

function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0x7f) return false;
  return true;
}
