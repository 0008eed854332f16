import { HeaderList, headerName } from '../gateway/headers';
import { LIMITS } from './limits';

/**
 * The fields of a response's header block, or of its trailers, as they come out of HPACK, checked as nginx checks them
 * (ngx_http_grpc_validate_header_name and _value): nothing that could mean something else in HTTP/1 goes further.
 */
export class ResponseFields {
  readonly list = new HeaderList();
  /** What is wrong with them. */
  bad: string | null = null;
  /** 0: there is none. */
  status = 0;
  #lines = 0;

  constructor(readonly trailers: boolean) {}

  add(name: string, value: string): void {
    if (this.bad !== null) return;
    this.#lines++;
    this.bad = this.#lines > LIMITS.headerLines ? 'too many headers' : this.#fault(name, value);
  }

  #fault(name: string, value: string): string | null {
    if (name.charCodeAt(0) === 58) return this.#pseudo(name, value);
    if (!this.trailers && this.status === 0) return 'no :status header';
    if (value.includes('\n') || value.includes('\r') || value.includes('\0')) return `invalid header: "${name}"`;
    const known = headerName(name);
    if (known === null || known.lower !== name) return `invalid header: "${name}"`;
    this.list.add(known, value);
    return null;
  }

  #pseudo(name: string, value: string): string | null {
    if (this.trailers) return `invalid trailer: "${name}"`;
    if (name !== ':status') return `invalid header: "${name}"`;
    if (this.status !== 0) return 'duplicate :status header';
    // A protocol to switch to is none of HTTP/2's (RFC 9113, section 8.6).
    if (!/^[1-9]\d\d$/.test(value) || value === '101') return `invalid :status "${value}"`;
    this.status = Number(value);
    return null;
  }
}
