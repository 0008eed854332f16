import { type OnReadOpts, Socket, type SocketConstructorOpts } from 'node:net';

/**
 * Connections that read into one piece of memory. Node else sets 64 KB aside for every read, however few bytes come, and
 * the garbage collector runs for it: with small messages that is a sixth of the processor time.
 */

const READ_BYTES = 64 * 1024;
const sharedBuffer = Buffer.allocUnsafeSlow(READ_BYTES);

/** On Windows a read waits with its buffer: there each connection needs its own. */
const needsOwnBuffer = process.platform === 'win32';

let lastRead: Buffer = Buffer.alloc(0);

/** The first bytes of what was read into. Messages are often as long as the one before, and a view costs more than a look. */
function readBytes(bytes: Uint8Array, length: number): Buffer {
  if (lastRead.length !== length || lastRead.buffer !== bytes.buffer) {
    lastRead = Buffer.from(bytes.buffer, bytes.byteOffset, length);
  }
  return lastRead;
}

/** For a socket's `onread`, in place of its 'data'. What `take` gets is overwritten once it returns: what stays is to be copied. */
export function sharedReads(take: (bytes: Buffer) => void): OnReadOpts {
  return {
    buffer: needsOwnBuffer ? Buffer.allocUnsafeSlow(READ_BYTES) : sharedBuffer,
    callback: (length, bytes) => {
      take(readBytes(bytes, length));
      return true;
    },
  };
}

/**
 * The same for a connection just accepted of which nothing was read. `net.Server` has no `onread`, so another socket takes
 * the connection over from the one given, which is of no use then. Null: it stays as it is, and emits 'data'.
 */
export function takeOver(accepted: Socket, take: (bytes: Buffer) => void): Socket | null {
  const holder = accepted as unknown as { _handle: unknown };
  const { _handle: handle } = holder;
  // Undocumented: where it is missing, reading costs more, and that is all.
  if (needsOwnBuffer || typeof handle !== 'object' || handle === null || !('useUserBuffer' in handle)) return null;
  holder._handle = null;
  const options: SocketConstructorOpts & { readonly handle: object } = {
    handle,
    allowHalfOpen: accepted.allowHalfOpen,
    onread: sharedReads(take),
  };
  return new Socket(options);
}
