/** Types of notices.mjs. */
export interface BundledPackage {
  readonly name: string;
  readonly version: string;
  readonly license: string;
  readonly text: string;
}
export function bundledPackages(): BundledPackage[] | null;
export function noticeHeading(one: BundledPackage): string;
