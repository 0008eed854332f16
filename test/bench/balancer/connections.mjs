// A process of its own for what wrk cannot do. `idle PORT COUNT`: opens that many connections, sends one request on each,
// prints "ready" once all are answered and keeps them. `download PORT PATH` and `upload PORT PATH BYTES`: one body.
import net from 'node:net';

const [what, portText, third, bytesText] = process.argv.slice(2);
const port = Number(portText);

function request(text) {
  return new Promise((resolve, reject) => {
    const socket = net.connect({ port, host: '127.0.0.1', noDelay: true });
    let received = '';
    socket.on('data', (chunk) => {
      received += chunk.toString('latin1');
      if (received.endsWith('}')) resolve(socket);
    });
    socket.once('error', reject);
    socket.once('close', () => reject(new Error(`closed: ${received.slice(0, 200)}`)));
    socket.write(text);
  });
}

if (what === 'idle') {
  const sockets = [];
  const count = Number(third);
  // Few at a time: the accept queue holds 511.
  while (sockets.length < count) {
    const some = Array.from({ length: Math.min(100, count - sockets.length) }, () =>
      request('GET / HTTP/1.1\r\nHost: a\r\n\r\n'),
    );
    sockets.push(...(await Promise.all(some)));
  }
  process.stdout.write('ready\n');
} else {
  const socket = net.connect({ port, host: '127.0.0.1' });
  let received = 0;
  let head = '';
  socket.on('data', (chunk) => {
    if (received === 0) head = chunk.toString('latin1', 0, 200);
    received += chunk.length;
  });
  socket.on('close', () => {
    process.stdout.write(`${head.slice(9, 12)} ${received}\n`);
  });
  if (what === 'download') socket.write(`GET ${third} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);
  else {
    const total = Number(bytesText);
    const piece = Buffer.alloc(256 * 1024);
    socket.write(`POST ${third} HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: ${total}\r\n\r\n`);
    let sent = 0;
    const go = () => {
      while (sent < total) {
        const some = piece.subarray(0, Math.min(piece.length, total - sent));
        sent += some.length;
        if (!socket.write(some)) return;
      }
    };
    socket.on('drain', go);
    go();
  }
}
