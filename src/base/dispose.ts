/** Something that owns a resource. Disposing twice is allowed and does nothing the second time. */
export interface Disposable {
  dispose(): void | Promise<void>;
}

/**
 * Owns disposables and disposes them in reverse order, each even if another throws; errors are aggregated.
 * Registering on a disposed store disposes at once, so that nothing outlives it.
 */
export class DisposableStore implements Disposable {
  readonly #owned: Disposable[] = [];
  #disposed = false;

  get isDisposed(): boolean {
    return this.#disposed;
  }

  add<T extends Disposable>(disposable: T): T {
    if (this.#disposed) void disposable.dispose();
    else this.#owned.push(disposable);
    return disposable;
  }

  async dispose(): Promise<void> {
    if (this.#disposed) return;
    this.#disposed = true;
    const errors: unknown[] = [];
    for (const disposable of this.#owned.splice(0).reverse()) {
      try {
        await disposable.dispose();
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0) throw new AggregateError(errors, 'Some resources could not be disposed of');
  }
}
