import { assertNever } from '../../base/assertNever';
import { realAddress } from '../gateway/realIp';
import { escapePath, parseRequestUri } from '../gateway/requestUri';
import { TO_HTTPS } from '../gateway/status';
import { hostName } from '../gateway/variables';
import { namedLocation, selectLocation } from '../locations';
import type { LocationPlan, RealIp } from '../plan';
import { answerReturn, finish, redirect } from '../proxies/answers';
import type { Exchange } from '../proxies/exchange';
import { serveFile } from '../proxies/fileContent';
import { selectServer } from '../servers';
import { authRequest } from './authRequest';
import { limitConnections, limitRequests } from './preaccess';
import { proxyDynamically, proxyTo } from './proxyTo';
import { rewrite } from './rewrite';
import { lookForFiles } from './tryFiles';

/**
 * The phases of a request in nginx's order: server rewrite, location, location rewrite, preaccess (limits), access
 * (auth_request), content. Each goes on to the next by itself, perhaps later; or the request is answered.
 */

/** A request comes in: its server block and its path are found. */
export function enter(exchange: Exchange): void {
  const { servers, defaultServer } = exchange.service;
  if (servers.length > 1 || defaultServer.names.length > 0) {
    const choice = selectServer(servers, hostName(exchange.host), defaultServer);
    exchange.server = choice.server;
    if (choice.captures !== null) exchange.captured(choice.captures);
  }
  exchange.settings = exchange.server.settings;
  if (exchange.service.terminator !== null && exchange.client.origin.tls === null) {
    exchange.logError('info', 'client sent plain HTTP request to HTTPS port');
    finish(exchange, TO_HTTPS);
    return;
  }
  const uri = parseRequestUri(exchange.target, exchange.service.defaultServer.mergeSlashes);
  if (uri === null) {
    exchange.logError('info', 'client sent invalid request');
    finish(exchange, 400);
    return;
  }
  exchange.path = uri.path;
  exchange.args = uri.args;
  believe(exchange, exchange.settings.realIp);
  enterServer(exchange);
}

/** Also where an internal redirect begins: `path` and `args` say what is asked for. */
export function enterServer(exchange: Exchange): void {
  const { server } = exchange;
  exchange.visit++;
  leaveLocation(exchange);
  exchange.isLocationsOwn = true;
  if (server.rewrite.length > 0 && rewrite(exchange, server.rewrite) === 'done') return;
  enterLocations(exchange);
}

function leaveLocation(exchange: Exchange): void {
  exchange.location = null;
  exchange.settings = exchange.server.settings;
  exchange.handler = exchange.server.handler;
}

/** Finds the location of the path. */
function enterLocations(exchange: Exchange): void {
  const { server } = exchange;
  const choice = selectLocation(server.locations, exchange.path);
  if (choice === null) {
    if (fits(exchange)) preaccess(exchange);
    return;
  }
  const { location } = choice;
  if (choice.captures !== null) exchange.captured(choice.captures);
  take(exchange, location);
  if (location.internal && !exchange.internal) {
    finish(exchange, 404);
    return;
  }
  if (!fits(exchange)) return;
  if (choice.redirect && 'path' in location.match) {
    redirect(exchange, 301, `${escapePath(location.match.path)}${exchange.args === '' ? '' : `?${exchange.args}`}`);
    return;
  }
  enterLocation(exchange, location);
}

/** Goes on in the location that "@name" names (ngx_http_named_location). */
export function enterNamed(exchange: Exchange, name: string): void {
  const location = namedLocation(exchange.server.locations, name);
  if (location === null) {
    exchange.logError('error', `could not find named location "${name}"`);
    finish(exchange, 500);
    return;
  }
  exchange.visit++;
  take(exchange, location);
  enterLocation(exchange, location);
}

function take(exchange: Exchange, location: LocationPlan): void {
  exchange.location = location;
  exchange.settings = location.settings;
  exchange.handler = location.handler;
}

function enterLocation(exchange: Exchange, location: LocationPlan): void {
  const { rewrite: steps } = location;
  const outcome = steps.length > 0 ? rewrite(exchange, steps) : 'here';
  if (outcome === 'here') preaccess(exchange);
  else if (outcome === 'moved' && exchange.mayRedirect(`processing "${exchange.path}"`)) {
    exchange.visit++;
    leaveLocation(exchange);
    enterLocations(exchange);
  }
}

/** False: the body is too large, and the request answered. */
function fits(exchange: Exchange): boolean {
  const { declared, discarded } = exchange.body;
  const limit = exchange.settings.clientMaxBodySize;
  if (limit === 0 || declared <= limit || discarded) return true;
  exchange.logError('error', `client intended to send too large body: ${declared} bytes`);
  exchange.body.discard();
  finish(exchange, 413);
  return false;
}

/** real_ip: once, by the server's settings or else by the location's. */
function believe(exchange: Exchange, realIp: RealIp | null): void {
  if (realIp === null || exchange.isBelieved) return;
  const { origin } = exchange.client;
  const proxied =
    origin.proxied === null ? null : { address: origin.proxied.remoteAddress, port: origin.proxied.remotePort };
  const connection = { address: origin.remoteAddress, port: origin.remotePort };
  const real = realAddress(realIp, connection, exchange.headers, proxied);
  if (real === null) return;
  exchange.isBelieved = true;
  exchange.remoteAddress = real.address;
  exchange.remotePort = real.port;
}

function preaccess(exchange: Exchange): void {
  const { settings } = exchange;
  believe(exchange, settings.realIp);
  if (settings.limitReqs.length > 0) limitRequests(exchange, preaccessConnections);
  else preaccessConnections(exchange);
}

function preaccessConnections(exchange: Exchange): void {
  if (exchange.settings.limitConns.length > 0 && !limitConnections(exchange)) return;
  // Subrequests are asked by somebody who has been let in.
  if (exchange.settings.authRequest !== null && exchange.main === exchange) {
    authRequest(exchange, exchange.settings.authRequest, answer);
  } else answer(exchange);
}

function answer(exchange: Exchange): void {
  const { tryFiles } = exchange.settings;
  if (tryFiles === null || exchange.handler.kind === 'return') content(exchange);
  else lookForFiles(exchange, tryFiles, content);
}

function content(exchange: Exchange): void {
  const { handler } = exchange;
  switch (handler.kind) {
    case 'return':
      // The rewrite phase has answered it; a named server without locations gets here through its own handler.
      answerReturn(exchange, handler.status, handler.body);
      return;
    case 'static':
      serveFile(exchange, handler);
      return;
    case 'dynamic':
      proxyDynamically(exchange, handler);
      return;
    case 'proxy':
    case 'grpc':
      proxyTo(exchange, handler);
      return;
    default:
      assertNever(handler);
  }
}
