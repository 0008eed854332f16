/** Types of source.mjs. */
export function maskSource(text: string): string;
export function literalAt(text: string, masked: string, offset: number): { value: string; end: number } | null;
export function lineOf(text: string, offset: number): number;
