/**
 * The cookies of one client of one origin, as a browser keeps them (RFC 6265): a later cookie of the same name replaces
 * the earlier, and one that is over at once removes it. Domain and path are not looked at: there is one site.
 */
export class CookieJar {
  readonly #cookies = new Map<string, string>();

  /** Takes the Set-Cookie headers of an answer. */
  take(headers: readonly string[]): void {
    for (const header of headers) {
      const [pair = '', ...attributes] = header.split(';');
      const equals = pair.indexOf('=');
      const name = pair.slice(0, equals).trim();
      if (equals < 1 || name === '') continue;
      const maxAge = attributes.map((text) => /^\s*max-age\s*=\s*(-?\d+)\s*$/i.exec(text)?.[1]).find(Boolean);
      if (maxAge !== undefined && Number(maxAge) <= 0) this.#cookies.delete(name);
      else this.#cookies.set(name, pair.slice(equals + 1).trim());
    }
  }

  /** The Cookie header of the next request; null: there are none. */
  get header(): string | null {
    return this.#cookies.size === 0 ? null : [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  }
}
