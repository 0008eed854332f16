/** Reason phrases as nginx writes them in status lines and error pages. */
const REASONS: Readonly<Record<number, string>> = {
  200: 'OK',
  201: 'Created',
  202: 'Accepted',
  204: 'No Content',
  206: 'Partial Content',
  301: 'Moved Permanently',
  302: 'Moved Temporarily',
  303: 'See Other',
  304: 'Not Modified',
  307: 'Temporary Redirect',
  308: 'Permanent Redirect',
  400: 'Bad Request',
  401: 'Unauthorized',
  402: 'Payment Required',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Not Allowed',
  406: 'Not Acceptable',
  408: 'Request Time-out',
  409: 'Conflict',
  410: 'Gone',
  411: 'Length Required',
  412: 'Precondition Failed',
  413: 'Request Entity Too Large',
  414: 'Request-URI Too Large',
  415: 'Unsupported Media Type',
  416: 'Requested Range Not Satisfiable',
  421: 'Misdirected Request',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  501: 'Not Implemented',
  502: 'Bad Gateway',
  503: 'Service Temporarily Unavailable',
  504: 'Gateway Time-out',
  505: 'HTTP Version Not Supported',
  507: 'Insufficient Storage',
};

/** '' where there is no phrase of its own. */
export function reasonPhrase(status: number): string {
  return REASONS[status] ?? '';
}

/** Of pages whose heading is another than the status line's (ngx_http_special_response.c). */
const HEADINGS: Readonly<Record<number, string>> = { 302: 'Found', 401: 'Authorization Required' };
/** nginx's own status for heads that are too large; it is told as 400, with a page that says more. */
export const TOO_LARGE_HEAD = 494;
/** And for a request in the clear on an address of TLS. */
export const TO_HTTPS = 497;

/** Statuses that no client gets: told as 400, with a page that says more. */
const EXPLAINED: Readonly<Record<number, string>> = {
  [TOO_LARGE_HEAD]: 'Request Header Or Cookie Too Large',
  [TO_HTTPS]: 'The plain HTTP request was sent to HTTPS port',
};

/** The status that the client gets to see. */
export function toldStatus(status: number): number {
  return EXPLAINED[status] === undefined ? status : 400;
}

const pages = new Map<number, Buffer>();

/** The small page for an error or redirect that the balancer itself answers; null where such a status has none. */
export function errorPage(status: number): Buffer | null {
  const explained = EXPLAINED[status];
  const reason = explained ?? HEADINGS[status] ?? reasonPhrase(status);
  if (status < 300 || status === 304 || reason === '') return null;
  let page = pages.get(status);
  if (page === undefined) {
    const title = `${toldStatus(status)} ${reason}`;
    const heading = explained !== undefined ? '400 Bad Request' : title;
    page = Buffer.from(
      `<html>\r\n<head><title>${title}</title></head>\r\n<body>\r\n<center><h1>${heading}</h1></center>\r\n` +
        `${explained !== undefined ? `<center>${reason}</center>\r\n` : ''}` +
        '<hr><center>traffic-lab</center>\r\n</body>\r\n</html>\r\n',
      'latin1',
    );
    pages.set(status, page);
  }
  return page;
}
