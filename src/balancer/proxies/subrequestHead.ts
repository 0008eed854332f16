import { HeaderList, NAME } from '../gateway/headers';
import type { RequestHead } from './call';

/** The head of a subrequest: the client's, but that it is a GET without body. */
export function subrequestHead(head: RequestHead): RequestHead {
  const headers = new HeaderList();
  const { names, values } = head.headers;
  for (let i = 0; i < names.length; i++) {
    const name = names[i];
    if (name === undefined || name.kind === NAME.contentLength || name.kind === NAME.transferEncoding) continue;
    headers.add(name, values[i] ?? '');
  }
  return { ...head, method: 'GET', headers, bodyLength: 0, expectsContinue: false };
}
