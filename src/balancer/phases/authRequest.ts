import { type HeaderFields, HeaderList } from '../gateway/headers';
import { finish } from '../proxies/answers';
import type { Downstream } from '../proxies/call';
import type { Exchange } from '../proxies/exchange';

/**
 * ngx_http_auth_request_module: a subrequest without body decides. 2xx lets the request go on to `next`; 401 (with what
 * the service asks for) and 403 are answered as they are; everything else is 500.
 */
export function authRequest(exchange: Exchange, path: string, next: (exchange: Exchange) => void): void {
  exchange.reach('auth');
  const sink = new StatusSink((status) => {
    for (const { variable, value } of exchange.settings.authRequestSets) {
      exchange.set(variable, value.evaluate(subrequest));
    }
    const allowed = status >= 200 && status < 300;
    exchange.goOn((main) => {
      if (allowed) next(main);
      else refuse(main, status, subrequest.history?.last?.headers ?? new HeaderList());
    });
  });
  const subrequest = exchange.subrequest(path, sink);
  exchange.waitFor(() => subrequest.onClientGone());
  subrequest.start();
  sink.started();
}

/** `headers`: of the server that was asked. */
function refuse(exchange: Exchange, status: number, headers: HeaderFields): void {
  exchange.refusedBy = 'auth';
  if (status === 401) {
    const wanted = new HeaderList();
    for (let i = 0; i < headers.length; i++) {
      const name = headers.names[i];
      if (name?.lower === 'www-authenticate') wanted.add(name, headers.values[i] ?? '');
    }
    exchange.response.extraHeaders = wanted;
  } else if (status !== 403) {
    exchange.logError('error', `auth request unexpected status: ${status}`);
    finish(exchange, 500);
    return;
  }
  finish(exchange, status);
}

/** Takes a response of which only the status counts. */
class StatusSink implements Downstream {
  readonly keepsAlive = false;
  #status = 0;
  #started = false;
  #over = false;

  constructor(readonly done: (status: number) => void) {}

  /** Only now: an answer at once must not overtake the one who waits for it. */
  started(): void {
    this.#started = true;
    if (this.#over) this.done(this.#status);
  }

  sendHead(status: number): void {
    this.#status = status;
  }
  sendBody(): boolean {
    return true;
  }
  sendEnd(): void {
    this.#end();
  }
  abort(): void {
    this.#end();
  }
  sendContinue(): void {}
  willClose(): void {}
  discardBody(): null {
    return null;
  }
  flush(): void {}
  pauseBody(): void {}
  resumeBody(): void {}

  #end(): void {
    if (this.#over) return;
    this.#over = true;
    if (this.#started) this.done(this.#status);
  }
}
