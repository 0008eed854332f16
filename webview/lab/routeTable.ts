import type { Route } from '../../src/measurement/findings';
import { fill, h, setHidden } from '../dom';
import { count, t } from '../strings';
import type { Reading } from './readings';

/** Which service answered which kind of request: a row for each kind, a column for each service. Hidden where no lab asks. */
export function routeTable(): Reading {
  const head = h('tr');
  const body = h('tbody');
  const element = h(
    'div',
    { class: 'routes' },
    h('p', { class: 'small-title' }, t('Which service answered which requests')),
    h(
      'div',
      { class: 'table-scroll', role: 'group', 'aria-label': t('Which service answered which requests'), tabindex: 0 },
      h(
        'table',
        { class: 'numbers' },
        h('caption', { class: 'visually-hidden' }, t('Requests by path and by the service that answered')),
        h('thead', {}, head),
        body,
      ),
    ),
  );
  let shown = '';
  return {
    element,
    show(snapshot) {
      const routes = snapshot?.findings?.routes ?? [];
      setHidden(element, routes.length === 0);
      const signature = JSON.stringify(routes);
      if (signature === shown) return;
      shown = signature;
      const kinds = unique(routes.map(kindOf));
      // Those in charge first, in the order of the paths: where all is well the numbers run down the diagonal.
      const inCharge = routes.filter(({ status }) => status === '200');
      const services = unique([...inCharge, ...routes].map(({ service }) => service));
      fill(
        head,
        h('th', { scope: 'col' }, t('Request')),
        services.map((service) => h('th', { scope: 'col', class: 'number' }, serviceName(service))),
      );
      fill(
        body,
        kinds.map((kind) =>
          h(
            'tr',
            { 'data-route': kind },
            h('th', { scope: 'row' }, h('code', {}, kind)),
            services.map((service) =>
              cell(
                service,
                routes.filter((route) => kindOf(route) === kind && route.service === service),
              ),
            ),
          ),
        ),
      );
    },
  };
}

function cell(service: string, routes: readonly Route[]): HTMLElement {
  const text = routes
    .map(({ status, requests }) =>
      status === '200' ? count(requests) : t('{count} ({status})', { count: count(requests), status }),
    )
    .join(', ');
  const astray = routes.some(({ status }) => status !== '200');
  return h(
    'td',
    { class: 'number', 'data-service': service, 'data-astray': astray ? 'true' : undefined },
    text === '' ? '—' : text,
  );
}

function kindOf(route: Route): string {
  return route.with === undefined ? route.path : `${route.path} · ${route.with}`;
}

function serviceName(service: string): string {
  return service === 'balancer' ? t('balancer itself') : service;
}

function unique(texts: readonly string[]): readonly string[] {
  return [...new Set(texts)];
}
