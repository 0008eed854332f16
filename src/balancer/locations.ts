/** What selectLocation() needs of a location; LocationPlan is one. */
export interface Matchable<L> {
  readonly match:
    | { readonly kind: 'prefix' | 'exact' | 'prefix-no-regex'; readonly path: string }
    | { readonly kind: 'regex'; readonly pattern: RegExp; readonly source: string }
    | { readonly kind: 'named'; readonly name: string };
  readonly locations: readonly L[];
  /** Its path ends in "/" and a proxy serves it: the path without that "/" is redirected to it. */
  readonly autoRedirect: boolean;
}

export interface LocationChoice<L> {
  readonly location: L;
  /** Captures of the regular expression that chose it; `$1` to `$9` and named ones. */
  readonly captures: RegExpExecArray | null;
  /** Answer 301 to the location's path (and the query) rather than serve it. */
  readonly redirect: boolean;
}

/**
 * nginx's choice of a location for a normalised path (ngx_http_core_find_location): an exact location; else the
 * longest prefix is remembered and, unless it says `^~`, regular expressions are tried in the order of the file, those
 * nested in the remembered prefix first; the first that matches wins, else the prefix. Null: no location matches.
 */
export function selectLocation<L extends Matchable<L>>(
  locations: readonly L[],
  path: string,
): LocationChoice<L> | null {
  return find(locations, path).choice;
}

/** The location that `@name` names, on the server's level. */
export function namedLocation<L extends Matchable<L>>(locations: readonly L[], name: string): L | null {
  return locations.find((location) => location.match.kind === 'named' && location.match.name === name) ?? null;
}

/** `final`: chosen in a way that outer regular expressions may not overrule. */
interface Found<L> {
  readonly choice: LocationChoice<L> | null;
  readonly final: boolean;
}

function find<L extends Matchable<L>>(locations: readonly L[], path: string): Found<L> {
  let longest: L | null = null;
  let length = -1;
  let slashed: L | null = null;
  for (const location of locations) {
    const { match } = location;
    if (match.kind === 'exact' && match.path === path)
      return { choice: { location, captures: null, redirect: false }, final: true };
    if (match.kind !== 'prefix' && match.kind !== 'prefix-no-regex') continue;
    if (location.autoRedirect && match.path === `${path}/`) slashed = location;
    if (match.path.length > length && path.startsWith(match.path)) {
      longest = location;
      length = match.path.length;
    }
  }

  if (slashed !== null && length < path.length) {
    return { choice: { location: slashed, captures: null, redirect: true }, final: true };
  }
  let choice: LocationChoice<L> | null = null;
  let noRegex = false;
  if (longest !== null) {
    choice = { location: longest, captures: null, redirect: false };
    noRegex = longest.match.kind === 'prefix-no-regex';
    const inner = find(longest.locations, path);
    if (inner.choice !== null) {
      choice = inner.choice;
      if (inner.final) return inner;
    }
  }
  if (noRegex) return { choice, final: false };

  for (const location of locations) {
    if (location.match.kind !== 'regex') continue;
    const captures = location.match.pattern.exec(path);
    if (captures === null) continue;
    const inner = find(location.locations, path);
    return { choice: inner.choice ?? { location, captures, redirect: false }, final: true };
  }
  return { choice, final: false };
}
