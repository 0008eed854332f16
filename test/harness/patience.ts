/** How long a test waits for one thing before it is told what did not come, ms. Not a measure of speed. */
export const PATIENCE_MS = 15_000;

/**
 * Waits until `listen`'s callback is called. A test that only ran into its own time limit would leave the wait behind,
 * say nothing of what was missing, and a file of a hundred such tests would look like a hang.
 * @throws {Error} with what `missing` says, after PATIENCE_MS
 */
export async function woken(listen: (wake: () => void) => void, missing: () => string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(missing())), PATIENCE_MS);
    listen(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}
