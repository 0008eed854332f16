import type { HeaderList } from '../gateway/headers';
import type { HttpSettings } from '../plan';

/** What the balancer calls itself in the Server field of its answers. */
export const SERVER_NAME = 'traffic-lab';

/** Whether the field (`server` or `date`) in the list came from a server and goes on in place of the balancer's own (proxy_pass_header). */
export function isPassed(field: string, headers: HeaderList, settings: HttpSettings): boolean {
  return settings.fieldFilter?.shown.has(field) === true && headers.get(field) !== null;
}
