import type { HttpSettings } from '../plan';

/** Content-Type by the extension of a path, letter case aside: `types`, else `default_type` (ngx_http_set_content_type). */
export function contentTypeOf(path: string, settings: HttpSettings): string {
  const dot = path.lastIndexOf('.');
  const extension = dot > path.lastIndexOf('/') ? path.slice(dot + 1).toLowerCase() : '';
  return settings.types.get(extension) ?? settings.defaultType;
}
