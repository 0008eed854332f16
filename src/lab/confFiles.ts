import { readdirSync, readFileSync } from 'node:fs';
import * as path from 'node:path';
import type { ConfFiles } from '../balancer/directives/read';
import type { NamedFiles } from '../protocol/balancerWorker';
import type { Authority } from './certificates/authority';
import { isPattern } from './givenFiles';
import { everyServer, type LabDefinition } from './labDefinition';

/** Who has a certificate in a lab beside its servers: "certs/balancer.crt" and "certs/balancer.key". */
const BALANCER = 'balancer';
const CERTIFICATE_FILE = /^certs\/([a-z0-9-]+)\.(crt|key)$/;

/**
 * What a lab's configuration may name beside itself, as it is read: files of the lab's folder, the reader's own copies
 * first, and the certificates of the run, which exist in memory only: `certs/ca.crt`, and `certs/<name>.crt` and `.key`
 * of the balancer and of each server. Nothing outside is there for it. `named` is what it has asked for so far.
 */
export class LabConfFiles implements ConfFiles {
  readonly #folders: readonly string[];
  readonly #base: string;
  readonly #authority: Authority;
  readonly #holders: ReadonlySet<string>;
  readonly #texts: Record<string, string> = {};
  readonly #matches: Record<string, readonly string[]> = {};
  #readsDisk = false;

  constructor(definition: LabDefinition, confPath: string, authority: Authority) {
    this.#base = path.dirname(confPath);
    this.#folders = [...new Set([this.#base, definition.folder])];
    this.#authority = authority;
    this.#holders = new Set([BALANCER, ...everyServer(definition).map(({ id }) => id)]);
  }

  get named(): NamedFiles {
    return { texts: { ...this.#texts }, matches: { ...this.#matches } };
  }

  /** Whether what was named lies on the disk, where it may change; certificates of the run do not. */
  get readsDisk(): boolean {
    return this.#readsDisk;
  }

  read(full: string): string | null {
    const name = this.#inside(full);
    return name === null ? null : this.#noted(full, this.#fromDisk(name));
  }

  load(full: string): string | null {
    const name = this.#inside(full);
    return name === null ? null : this.#noted(full, this.#certificate(name) ?? this.#fromDisk(name));
  }

  match(pattern: string): readonly string[] {
    if (!isPattern(pattern)) return [pattern];
    this.#readsDisk = true;
    const folder = path.dirname(pattern);
    const name = path.basename(pattern);
    // Wild cards in the file's name only: what nginx's own layout needs (conf.d/*.conf).
    const inside = this.#inside(folder);
    const found = inside === null ? [] : this.#listed(inside).filter((entry) => globMatches(name, entry));
    const matched = found.map((entry) => path.join(folder, entry));
    this.#matches[pattern] = matched;
    return matched;
  }

  #inside(full: string): string | null {
    const name = path.relative(this.#base, full).split(path.sep).join('/');
    return name.startsWith('..') || path.isAbsolute(name) ? null : name;
  }

  #certificate(name: string): string | null {
    const [, holder = '', kind] = CERTIFICATE_FILE.exec(name) ?? [];
    if (holder === 'ca') return kind === 'crt' ? this.#authority.certificate : null;
    if (!this.#holders.has(holder)) return null;
    const identity = this.#authority.issue(holder);
    return kind === 'crt' ? identity.certificate : identity.key;
  }

  #fromDisk(name: string): string | null {
    this.#readsDisk = true;
    for (const folder of this.#folders) {
      try {
        return readFileSync(path.join(folder, name), 'utf8');
      } catch {
        // Not here, or no file: to whoever named it, all the same.
      }
    }
    return null;
  }

  #listed(folder: string): readonly string[] {
    const names = this.#folders.flatMap((base) => {
      try {
        return readdirSync(path.join(base, folder));
      } catch {
        return [];
      }
    });
    return [...new Set(names)].sort();
  }

  #noted(full: string, text: string | null): string | null {
    if (text !== null) this.#texts[full] = text;
    return text;
  }
}

/** As glob(3): hidden files only where the pattern begins with a dot. */
function globMatches(pattern: string, name: string): boolean {
  const expression = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replace(/\*/g, '.*')
    .replace(/\?/g, '.');
  return new RegExp(`^${expression}$`).test(name) && (pattern.startsWith('.') || !name.startsWith('.'));
}
