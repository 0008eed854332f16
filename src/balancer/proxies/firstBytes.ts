import type { Socket } from 'node:net';

/**
 * Reads what a client says first, from its beginning each time more comes, until `decide` knows how to go on. The client is
 * paused then, and nobody of here listens to it any more. `ended`: no more will come.
 */
export function readFirstBytes(client: Socket, decide: (bytes: Buffer, ended: boolean) => (() => void) | null): void {
  let bytes: Buffer = Buffer.alloc(0);
  const ask = (ended: boolean) => {
    const goOn = decide(bytes, ended);
    if (goOn === null) return;
    client.removeListener('data', onData);
    client.removeListener('end', onEnd);
    client.pause();
    goOn();
  };
  const onData = (chunk: Buffer) => {
    bytes = bytes.length === 0 ? chunk : Buffer.concat([bytes, chunk]);
    ask(false);
  };
  const onEnd = () => ask(true);
  client.on('data', onData);
  client.on('end', onEnd);
  client.resume();
}
