import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { takeOver } from '../../../../src/balancer/proxies/sharedReads';

const open: { destroy(): void }[] = [];
afterEach(() => {
  for (const each of open.splice(0)) each.destroy();
});

/** Accepts with `onAccept`, and says how to connect to it. */
async function listening(onAccept: (socket: Socket) => void): Promise<() => Promise<Socket>> {
  const server = createServer({ allowHalfOpen: true }, onAccept).listen(0, '127.0.0.1');
  open.push({ destroy: () => server.close() });
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return async () => {
    const client = connect({ host: '127.0.0.1', port, allowHalfOpen: true });
    open.push(client);
    await once(client, 'connect');
    return client;
  };
}

// On Windows a read waits with its buffer: connections stay as they are accepted.
describe.skipIf(process.platform === 'win32')('a connection taken over to read into shared memory', () => {
  it('gives what comes in one piece of memory for all, answers, and tells the end of one side', async () => {
    const memory = new Set<ArrayBufferLike>();
    const ended: Promise<unknown>[] = [];
    const dial = await listening((accepted) => {
      const own = takeOver(accepted, (bytes) => {
        memory.add(bytes.buffer);
        own?.write(`you said ${bytes.toString('latin1')}`);
      });
      if (own === null) throw new Error('it was not taken over');
      open.push(own);
      ended.push(once(own, 'end').then(() => own.end(', and goodbye')));
    });
    for (const word of ['one', 'another']) {
      const client = await dial();
      client.setEncoding('latin1');
      client.write(word);
      expect(String(await once(client, 'data'))).toBe(`you said ${word}`);
      client.end();
      expect(String(await once(client, 'data'))).toBe(', and goodbye');
      await once(client, 'end');
    }
    await Promise.all(ended);
    expect(memory.size).toBe(1);
  });

  it('waits while it is paused and goes on where it stopped', async () => {
    const came: string[] = [];
    const owned: Socket[] = [];
    const dial = await listening((accepted) => {
      const own = takeOver(accepted, (bytes) => {
        came.push(bytes.toString('latin1'));
        own?.pause();
      });
      if (own === null) throw new Error('it was not taken over');
      open.push(own);
      owned.push(own);
    });
    const client = await dial();
    client.write('first');
    await expect.poll(() => came).toEqual(['first']);
    client.write('second');
    // What another connection brings later is read: this one would have been, too.
    (await dial()).write('elsewhere');
    await expect.poll(() => came).toEqual(['first', 'elsewhere']);
    owned[0]?.resume();
    await expect.poll(() => came).toEqual(['first', 'elsewhere', 'second']);
  });

  it('leaves a socket alone that has nothing to read from any more', async () => {
    let found: Socket | null | undefined;
    const dial = await listening((accepted) => {
      accepted.destroy();
      found = takeOver(accepted, () => {});
    });
    await dial();
    await expect.poll(() => found).toBeNull();
  });
});
