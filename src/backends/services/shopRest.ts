import type { Service } from '../../protocol/backendWorker';
import { faultText, findSummary } from '../summaries';
import type { StartRestService } from './restService';

const STATUS = { 'not-found': 404, unavailable: 503, failed: 502 } as const;

/**
 * The shop's edge as REST: GET /api/summary/:id. A service inside that does not answer is 503, one that answers with
 * nonsense 502; the same JSON over whichever protocol the inside speaks.
 */
export const shopRest: StartRestService<Extract<Service, { kind: 'shop' }>> = async (
  _options,
  { answer, refuse },
  { inner },
) => {
  if (inner === null) throw new Error('The shop needs services to ask');
  await inner.prepare();
  return {
    mount(app) {
      app.get('/api/summary/:id', async (req, res) => {
        const found = await findSummary(inner, req.params.id);
        if ('summary' in found) answer(res, 200, found.summary);
        else {
          const { service, kind } = found.fault;
          refuse(res, STATUS[kind], `${service}_${kind.replace('-', '_')}`, faultText(found.fault));
        }
      });
    },
  };
};
