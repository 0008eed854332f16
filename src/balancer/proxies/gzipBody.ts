import { type Gzip as Compressor, constants, createGzip } from 'node:zlib';

/** gzip_buffers: what compression gives is sent on from so many bytes on, else the first of them would be its head alone. */
const BUFFER_BYTES = 4096;

/** Where compressed bytes go. */
export interface CompressedSink {
  /** False: wait for GzipBody.resume(). */
  onCompressed(chunk: Buffer): boolean;
  /** More can be written. */
  onRoom(): void;
  /** All that was written has come out. */
  onCompressedEnd(): void;
}

/** Compresses a body while it passes, with backpressure on both sides. */
export class GzipBody {
  /** Bytes in and out so far. */
  before = 0;
  after = 0;
  #gathered: Buffer[] = [];
  #bytes = 0;
  readonly #compressor: Compressor;
  #sink: CompressedSink | null;

  constructor(level: number, sink: CompressedSink) {
    this.#sink = sink;
    this.#compressor = createGzip({ level });
    this.#compressor.on('data', (chunk: Buffer) => {
      this.after += chunk.length;
      this.#gathered.push(chunk);
      this.#bytes += chunk.length;
      if (this.#bytes >= BUFFER_BYTES) this.#give();
    });
    this.#compressor.on('drain', () => this.#sink?.onRoom());
    this.#compressor.on('end', () => {
      this.#give();
      const last = this.#sink;
      this.#sink = null;
      last?.onCompressedEnd();
    });
    // Only destroy() ends it early, and then nobody waits.
    this.#compressor.on('error', () => {});
  }

  /** False: wait for onRoom(). */
  write(chunk: Buffer): boolean {
    this.before += chunk.length;
    return this.#compressor.write(chunk);
  }

  /** What was written so far is to reach the client now. */
  flush(): void {
    this.#compressor.flush(constants.Z_SYNC_FLUSH, () => this.#give());
  }

  #give(): void {
    if (this.#bytes === 0) return;
    const all = this.#gathered.length === 1 ? this.#gathered[0] : Buffer.concat(this.#gathered, this.#bytes);
    this.#gathered = [];
    this.#bytes = 0;
    if (all !== undefined && this.#sink?.onCompressed(all) === false) this.#compressor.pause();
  }

  end(): void {
    this.#compressor.end();
  }

  resume(): void {
    this.#compressor.resume();
  }

  destroy(): void {
    this.#sink = null;
    this.#compressor.destroy();
  }
}
