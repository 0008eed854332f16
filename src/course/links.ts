/** What a link of a course may lead to: an https address, or a place in the document. */
export type LinkTarget =
  | { readonly kind: 'https' }
  | { readonly kind: 'anchor'; readonly anchor: string }
  | { readonly kind: 'refused' };

export function linkTarget(href: string): LinkTarget {
  if (href.startsWith('#')) return { kind: 'anchor', anchor: href.slice(1) };
  return /^https:\/\/[^\s/?#]+/i.test(href) ? { kind: 'https' } : { kind: 'refused' };
}

/** A picture is a file of the course folder, so that a course works offline and loads nothing from outside. */
export function isImagePath(src: string): boolean {
  return /^[\w-][\w.-]*(\/[\w-][\w.-]*)*\.(png|svg|jpg|jpeg|gif|webp)$/i.test(src);
}
