import httpProxy from '@fastify/http-proxy';
import fastify from 'fastify';

const [port, target] = process.argv.slice(2);
const server = fastify();
server.register(httpProxy, { upstream: `http://127.0.0.1:${target}`, undici: { connections: 64, pipelining: 1 } });
await server.listen({ port: Number(port), host: '127.0.0.1' });
