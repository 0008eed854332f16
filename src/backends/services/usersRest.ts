import type { Service } from '../../protocol/backendWorker';
import { USER_COUNT, type User } from '../../protocol/usersService';
import type { StartRestService } from './restService';

const NAMES = ['Minji', 'Jisoo', 'Haneul', 'Dohyun', 'Seoyeon', 'Alex', 'Robin', 'Sam'] as const;

/** The users service as REST: GET /api/users and GET /api/users/:id. It knows nothing of orders. */
export const usersRest: StartRestService<Extract<Service, { kind: 'users' }>> = async (
  _options,
  { answer, refuse },
) => ({
  mount(app) {
    app.get('/api/users', (_req, res) =>
      answer(res, 200, { users: NAMES.map((_, at) => userOf(at + 1)), total: USER_COUNT }),
    );

    app.get('/api/users/:id', (req, res) => {
      const { id } = req.params;
      const number = /^[1-9]\d{0,5}$/.test(id) ? Number(id) : 0;
      if (number < 1 || number > USER_COUNT) refuse(res, 404, 'user_not_found', `There is no user ${id}`);
      else answer(res, 200, userOf(number));
    });
  },
});

/** The same one on every server. */
function userOf(number: number): User {
  const name = NAMES[(number - 1) % NAMES.length] ?? NAMES[0];
  return {
    id: String(number),
    name,
    email: `${name.toLowerCase()}${number}@shop.example`,
    points: (number * 370) % 9_000,
  };
}
