/** Base64 that comes in pieces. Padding may stand within, where the client coded each of its messages by itself. */
export interface TextBody {
  /** Bytes as far as they are known; null: this is no base64, nor is anything behind it. */
  push(chunk: Buffer): Buffer | null;
  /** No group of four characters is left open. */
  readonly isComplete: boolean;
}

const EQUALS = 61;

/** 0: no character of base64. */
const DIGITS = new Uint8Array(256);
for (const c of 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/') DIGITS[c.charCodeAt(0)] = 1;

export function decodeBase64Stream(): TextBody {
  let open = '';
  return {
    get isComplete() {
      return open === '';
    },
    push(chunk) {
      const text = open + chunk.toString('latin1');
      const whole = text.length - (text.length % 4);
      open = text.slice(whole);
      const parts: Buffer[] = [];
      let start = 0;
      for (let i = 0; i < whole; i++) {
        const code = text.charCodeAt(i);
        if (code === EQUALS) {
          // It closes its group: "xx==" or "xxx=".
          const at = i % 4;
          const closes = at === 3 || (at === 2 && text.charCodeAt(i + 1) === EQUALS);
          if (!closes) return null;
          i += 3 - at;
          parts.push(Buffer.from(text.slice(start, i + 1), 'base64'));
          start = i + 1;
        } else if (code > 255 || DIGITS[code] === 0) return null;
      }
      parts.push(Buffer.from(text.slice(start, whole), 'base64'));
      return parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts);
    },
  };
}
