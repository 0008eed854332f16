import { readFileSync } from 'node:fs';

/**
 * CPU time that the calling thread has used since it began, ms, the system's work for it included; null where nobody tells
 * of single threads. Node has it from 22.19 and 23.9 on (process.threadCpuUsage), Linux for any version
 * (/proc/thread-self/schedstat, its first number, in ns: proc(5)).
 */
export function threadCpuMs(): number | null {
  if (typeof process.threadCpuUsage === 'function') {
    const { user, system } = process.threadCpuUsage();
    return (user + system) / 1_000;
  }
  try {
    const [ns] = readFileSync('/proc/thread-self/schedstat', 'latin1').split(' ');
    return ns === undefined || !/^\d+$/.test(ns) ? null : Number(ns) / 1_000_000;
  } catch {
    // Not Linux, or a kernel that does not count.
    return null;
  }
}
