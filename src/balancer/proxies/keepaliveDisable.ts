import type { Exchange } from './exchange';

/** keepalive_disable: whether a connection ends with this request since its browser cannot go on with it (ngx_http_process_user_agent). */
export function isUnkept(exchange: Exchange, disabled: ReadonlySet<'msie6' | 'safari'>): boolean {
  const agent = exchange.headers.get('user-agent') ?? '';
  if (agent.includes('Opera')) return false;
  if (/MSIE ./s.test(agent)) {
    const isOld = /MSIE (?:[45]\.|6\.(?!.*SV1))/s.test(agent);
    return isOld && exchange.method === 'POST' && disabled.has('msie6');
  }
  const isSafari = !/Gecko\/|Chrome\//.test(agent) && agent.includes('Safari/') && agent.includes('Mac OS X');
  return isSafari && disabled.has('safari');
}
