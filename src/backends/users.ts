import { USER_COUNT, type User } from '../protocol/usersService';

const NAMES = ['Minji', 'Jisoo', 'Haneul', 'Dohyun', 'Seoyeon', 'Alex', 'Robin', 'Sam'] as const;
const CITIES = ['Seoul', 'Busan', 'Daegu', 'Incheon', 'Gwangju', 'Daejeon', 'Jeju'] as const;

/** The user of an id, the same on every server; null: there is none. */
export function userOf(id: string): User | null {
  const number = /^\d{1,6}$/.test(id) ? Number(id) : 0;
  if (number < 1 || number > USER_COUNT) return null;
  return {
    id: String(number),
    name: NAMES[number % NAMES.length] ?? NAMES[0],
    city: CITIES[number % CITIES.length] ?? CITIES[0],
    orders: (number * 7) % 41,
  };
}
