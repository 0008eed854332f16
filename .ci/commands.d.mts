/** Types of what the tests use of commands.mjs. */
export const root: string;
export function run(
  command: string,
  args: readonly string[],
  options?: {
    readonly cwd?: string;
    readonly env?: Readonly<Record<string, string | undefined>>;
    readonly quiet?: boolean;
  },
): Promise<number>;
export function findProgram(names: readonly string[], more?: readonly string[]): string | null;
