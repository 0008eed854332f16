/** Types of what the tests use of prepare.mjs. */
/** A Chromium-like browser that playwright can drive, or null. */
export function findChromium(): string | null;
