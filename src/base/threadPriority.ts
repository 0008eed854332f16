import { setPriority } from 'node:os';

/**
 * Lets the editor's own thread go first when the machine is busy with the lab's traffic. On Linux the priority belongs
 * to the calling thread (setpriority(2), "C library/kernel differences"); elsewhere it would be the whole process, the
 * editor among it, and is left alone. A refusal does no harm.
 */
export function yieldToOtherThreads(): void {
  if (process.platform !== 'linux') return;
  try {
    setPriority(0, 10);
  } catch {
    // A sandbox may forbid it; the lab then runs at normal priority.
  }
}
