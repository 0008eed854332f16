import { createServer } from 'node:http';
import fastProxy from 'fast-proxy';

const [port, target] = process.argv.slice(2);
const { proxy } = fastProxy({ base: `http://127.0.0.1:${target}`, undici: { connections: 64, pipelining: 1 } });
createServer((request, response) => proxy(request, response, request.url, {})).listen(Number(port), '127.0.0.1');
