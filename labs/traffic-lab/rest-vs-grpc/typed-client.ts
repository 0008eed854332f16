// What a generated client knows of messages.proto: the compiler checks every field before anything runs.
// The types are those that `proto-loader-gen-types` writes for the message User.

type Role = 'ROLE_UNSPECIFIED' | 'CUSTOMER' | 'CLERK' | 'ADMIN';

interface User {
  id?: number;
  name?: string;
  email?: string;
  age?: number;
  newsletter?: boolean;
  role?: Role;
}

interface MessagesClient {
  echoUser(user: User): Promise<User>;
}

// The field `age` is red: a text is no whole number. Mend it, and the line is as good as the server wants it.
export function greet(client: MessagesClient): Promise<User> {
  return client.echoUser({
    id: 4021,
    name: '김민지',
    age: 'twenty-nine',
    role: 'CUSTOMER',
  });
}

// The same mistake over REST is a text like any other. Nobody notices before the server answers 400.
export function greetByRest(): Promise<Response> {
  return fetch('http://127.0.0.1:28680/api/messages/user', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ id: 4021, name: '김민지', age: 'twenty-nine' }),
  });
}
