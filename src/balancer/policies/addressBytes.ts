const anonymous: readonly number[] = [0, 0, 0];

/**
 * The bytes of a client address that ip_hash looks at: three of IPv4 (so that a whole /24 network is one client), all
 * 16 of IPv6, and three zeros for what is neither (a Unix socket).
 */
export function hashedAddressBytes(address: string): readonly number[] {
  return ipv4Bytes(address)?.slice(0, 3) ?? ipv6Bytes(address) ?? anonymous;
}

/** Read by hand: ip_hash does this for every request. */
function ipv4Bytes(address: string): number[] | null {
  const bytes: number[] = [];
  let value = -1;
  for (let i = 0; i <= address.length; i += 1) {
    const digit = address.charCodeAt(i) - 48;
    if (digit >= 0 && digit <= 9) value = Math.max(0, value) * 10 + digit;
    else if (value >= 0 && value <= 255 && (i === address.length || address[i] === '.')) {
      bytes.push(value);
      value = -1;
    } else return null;
  }
  return bytes.length === 4 ? bytes : null;
}

/** RFC 4291, section 2.2: eight groups, one run of zeros shortened to "::", perhaps IPv4 at the end, perhaps a %zone. */
function ipv6Bytes(address: string): number[] | null {
  const [text = ''] = address.replace(/^\[|\]$/g, '').split('%');
  if (!text.includes(':')) return null;
  const halves = text.split('::');
  if (halves.length > 2) return null;
  const [head, tail] = halves.map(groupBytes);
  if (head === null || head === undefined || tail === null) return null;
  if (tail === undefined) return head.length === 16 ? head : null;
  const gap = 16 - head.length - tail.length;
  return gap < 2 ? null : [...head, ...new Array<number>(gap).fill(0), ...tail];
}

function groupBytes(groups: string): number[] | null {
  if (groups === '') return [];
  const bytes: number[] = [];
  for (const group of groups.split(':')) {
    const v4 = ipv4Bytes(group);
    if (v4 !== null) bytes.push(...v4);
    else if (/^[0-9a-f]{1,4}$/i.test(group))
      bytes.push(Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 0xff);
    else return null;
  }
  return bytes;
}
