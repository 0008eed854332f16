import { expect, it } from 'vitest';
import { seededRandom } from '../../../src/base/random';
import { summaryWorkload } from '../../../src/traffic/workloads/summary';

/** Answers every question with what `say` makes of its id, and tells what was found. */
function found(say: (id: string) => object, form: { readonly type: string; readonly json: boolean }, status = '200') {
  const workload = summaryWorkload();
  const random = seededRandom(4);
  for (let index = 0; index < 50; index++) {
    const call = workload.next(index, 0, random);
    const id = call.rest?.path.split('/').at(-1) ?? '';
    expect(call.grpc?.request).toEqual({ id });
    const body = form.json ? Buffer.from(JSON.stringify(say(id))) : say(id);
    const header = (name: string) => (name === 'content-type' ? form.type : null);
    call.read?.({ status, by: 'edge-a', header, headers: () => [], body });
  }
  return workload.findings({ bytes: 0, requestsSent: 0 }).clientSees;
}

const json = { type: 'application/json; charset=utf-8', json: true };
const web = { type: 'application/grpc-web+proto', json: false };

it('tells the form of the answers: content type, and fields without values', () => {
  expect(found((id) => ({ id, items: [{ name: 'tea' }], user: { city: 'Seoul' } }), json)).toMatchObject({
    contentType: 'application/json',
    fields: '{id, items: [{name}], user: {city}}',
  });
});

it('has the same fingerprint for the same content, in whichever order and form it comes', () => {
  const one = found((id) => ({ id, city: 'Seoul' }), json);
  const other = found((id) => ({ city: 'Seoul', id }), web);
  expect(other?.fingerprint).toBe(one?.fingerprint);
  expect(found((id) => ({ id, city: 'Busan' }), json)?.fingerprint).not.toBe(one?.fingerprint);
});

it('finds nothing in errors', () => {
  expect(found(() => ({ error: { code: 'orders_unavailable' } }), json, '503')).toBeUndefined();
});
