import { requestVariable } from '../gateway/variables';
import type { Exchange } from '../proxies/exchange';

/** The value of a variable for a request at this moment; ''. */
export function exchangeVariable(name: string, exchange: Exchange): string {
  const own = requestVariable(name, exchange);
  if (own !== undefined) return own;
  const { handler, history, captures } = exchange;
  switch (name) {
    case 'proxy_host':
      return handler.kind === 'proxy' || handler.kind === 'grpc' ? handler.hostHeader : '';
    case 'server_name':
      return exchange.server.names[0]?.text ?? '';
    case 'status':
      return exchange.status === 0 ? '' : String(exchange.status);
    case 'upstream_addr':
      return history?.list(({ address }) => address) ?? '';
    case 'upstream_status':
      return history?.list(({ status }) => (status === 0 ? '-' : String(status))) ?? '';
    case 'upstream_header_time':
      return history?.list(({ startedAt, headAt }) => seconds(startedAt, headAt)) ?? '';
    case 'upstream_connect_time':
      return history?.list(({ startedAt, connectedAt }) => seconds(startedAt, connectedAt)) ?? '';
    case 'upstream_response_time':
      return history?.list(({ startedAt, endedAt }) => seconds(startedAt, endedAt)) ?? '';
    case 'request_time':
      return seconds(exchange.startedAt, exchange.now());
  }
  if (captures !== null) {
    const index = Number(name);
    if (Number.isInteger(index)) return captures[index] ?? '';
    return captures.groups?.[name] ?? '';
  }
  return '';
}

/** Seconds with three digits, as nginx writes times; "-" where there is no end yet. */
function seconds(from: number, to: number): string {
  return to < 0 ? '-' : (Math.max(0, to - from) / 1000).toFixed(3);
}
