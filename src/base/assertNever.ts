/** Makes the compiler prove that a closed union was handled in full; at run time it throws on the stray value. */
export function assertNever(value: never): never {
  throw new Error(`Unhandled case: ${JSON.stringify(value)}`);
}
