import { type Gzip as Compressor, constants, createGzip } from 'node:zlib';

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
  readonly #compressor: Compressor;
  #sink: CompressedSink | null;

  constructor(level: number, sink: CompressedSink) {
    this.#sink = sink;
    this.#compressor = createGzip({ level });
    this.#compressor.on('data', (chunk: Buffer) => {
      if (this.#sink?.onCompressed(chunk) === false) this.#compressor.pause();
    });
    this.#compressor.on('drain', () => this.#sink?.onRoom());
    this.#compressor.on('end', () => {
      const last = this.#sink;
      this.#sink = null;
      last?.onCompressedEnd();
    });
    // Only destroy() ends it early, and then nobody waits.
    this.#compressor.on('error', () => {});
  }

  /** False: wait for onRoom(). */
  write(chunk: Buffer): boolean {
    return this.#compressor.write(chunk);
  }

  /** What was written so far is to reach the client now. */
  flush(): void {
    this.#compressor.flush(constants.Z_SYNC_FLUSH);
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
