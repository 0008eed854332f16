/** Types of what the tests use of prepare.mjs. */
export const root: string;
/** A Chromium-like browser that playwright can drive, or null. */
export function findChromium(): string | null;
export function ensureBuilt(): Promise<void>;
export function run(
  command: string,
  args: readonly string[],
  options?: {
    readonly cwd?: string;
    readonly env?: Readonly<Record<string, string | undefined>>;
    readonly quiet?: boolean;
  },
): Promise<number>;
