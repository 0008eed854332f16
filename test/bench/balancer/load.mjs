// Load generators: wrk for HTTP/1.1 and connections, h2load for gRPC, both Debian packages and quicker than what they measure.
import { h2load, output, wrk } from './processes.mjs';

const MS = { us: 1 / 1000, ms: 1, s: 1000, m: 60_000 };
const BYTES = { B: 1, KB: 1024, MB: 1024 ** 2, GB: 1024 ** 3 };

/** Requests per second, p99 in ms, and MB/s of responses. Rejects where any request fails. */
export async function http1Load(
  port,
  { connections = 64, seconds = 3, path = '/', headers = [], failuresAllowed = false } = {},
) {
  const text = await output(wrk, [
    ...['-t', '1', '-c', String(connections), '-d', `${seconds}s`, '--latency'],
    ...headers.flatMap((header) => ['-H', header]),
    `http://127.0.0.1:${port}${path}`,
  ]);
  if (/Non-2xx|Socket errors/.test(text) && !failuresAllowed) throw new Error(text);
  const [, p99 = 'NaN', unit = 'ms'] = /99%\s+([\d.]+)(us|ms|s|m)/.exec(text) ?? [];
  const [, bytes = 'NaN', size = 'B'] = /Transfer\/sec:\s+([\d.]+)(GB|MB|KB|B)/.exec(text) ?? [];
  return {
    perSecond: Number(/Requests\/sec:\s+([\d.]+)/.exec(text)?.[1]),
    p99Ms: Number(p99) * (MS[unit] ?? Number.NaN),
    mbPerSecond: (Number(bytes) * (BYTES[size] ?? Number.NaN)) / 1e6,
  };
}

/** Unary calls per second, and how many failed: 4 connections of 50 streams. `message` is a file with one gRPC message. */
export async function grpcLoad(port, message, { seconds = 3 } = {}) {
  const text = await output(h2load, [
    ...['-t', '1', '-c', '4', '-m', '50', '-D', String(seconds), '-d', message],
    ...['-H', 'content-type: application/grpc', '-H', 'te: trailers'],
    `http://127.0.0.1:${port}/lab.Echo/Unary`,
  ]);
  return {
    perSecond: Number(/finished in [\d.]+\w+, ([\d.]+) req\/s/.exec(text)?.[1]),
    failed: Number(/(\d+) failed/.exec(text)?.[1]),
  };
}
