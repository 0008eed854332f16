import { assertNever } from '../../base/assertNever';
import { escapePath, parseRequestUri } from '../gateway/requestUri';
import { hostName } from '../gateway/variables';
import { selectLocation } from '../locations';
import { answerReturn, finish, redirect } from '../proxies/answers';
import type { Exchange } from '../proxies/exchange';
import { serveFile } from '../proxies/fileContent';
import { selectServer } from '../servers';
import { proxyTo } from './proxyTo';

/** A request comes in: its server block and its path are found, then its location (ngx_http_process_request). */
export function enter(exchange: Exchange): void {
  const { servers, defaultServer } = exchange.service;
  if (servers.length > 1 || defaultServer.names.length > 0) {
    const choice = selectServer(servers, hostName(exchange.host), defaultServer);
    exchange.server = choice.server;
    exchange.captures = choice.captures;
  }
  exchange.settings = exchange.server.settings;
  exchange.handler = exchange.server.handler;
  const uri = parseRequestUri(exchange.target);
  if (uri === null) {
    exchange.logError('info', 'client sent invalid request');
    finish(exchange, 400);
    return;
  }
  exchange.path = uri.path;
  exchange.args = uri.args;
  if (exchange.handler.kind === 'return' || findLocation(exchange)) handle(exchange);
}

/** False: the request has been answered. */
function findLocation(exchange: Exchange): boolean {
  const choice = selectLocation(exchange.server.locations, exchange.path);
  if (choice !== null) {
    const { location } = choice;
    exchange.location = location;
    exchange.settings = location.settings;
    exchange.handler = location.handler;
    exchange.captures = choice.captures ?? exchange.captures;
    if (location.internal) {
      finish(exchange, 404);
      return false;
    }
    if (choice.redirect && 'path' in location.match) {
      redirect(exchange, 301, `${escapePath(location.match.path)}${exchange.args === '' ? '' : `?${exchange.args}`}`);
      return false;
    }
  }
  const { bodyLength } = exchange.head;
  const limit = exchange.settings.clientMaxBodySize;
  if (limit > 0 && bodyLength > limit) {
    exchange.logError('error', `client intended to send too large body: ${bodyLength} bytes`);
    finish(exchange, 413);
    return false;
  }
  return true;
}

function handle(exchange: Exchange): void {
  const { handler } = exchange;
  switch (handler.kind) {
    case 'return':
      answerReturn(exchange, handler.status, handler.body);
      return;
    case 'static':
      serveFile(exchange, handler);
      return;
    case 'dynamic':
      // Refused when the file is read (directives/notYet.ts).
      exchange.logError('error', 'variables in proxy_pass are not supported yet');
      finish(exchange, 500);
      return;
    case 'proxy':
    case 'grpc':
      proxyTo(exchange, handler);
      return;
    default:
      assertNever(handler);
  }
}
