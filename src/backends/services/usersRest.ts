import type { Service } from '../../protocol/backendWorker';
import { userOf } from '../users';
import type { StartRestService } from './restService';

/** The users service as REST: GET /api/users/:id. */
export const usersRest: StartRestService<Extract<Service, { kind: 'users' }>> = async (
  _options,
  { answer, refuse },
) => ({
  mount(app) {
    app.get('/api/users/:id', (req, res) => {
      const user = userOf(req.params.id);
      if (user === null) refuse(res, 404, 'user_not_found', `There is no user ${req.params.id}`);
      else answer(res, 200, user);
    });
  },
});
