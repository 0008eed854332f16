/** What answers a request at length, as the exchange sees it: a server behind the balancer, or a file. */
export interface Content {
  /** False: wait for Exchange.resumeRequest(). */
  writeBody(chunk: Buffer): boolean;
  endBody(): void;
  /** All that came of the request at once has been given on. */
  flush(): void;
  /** The client takes more of the response. */
  resume(): void;
  /** Ends it early, with nothing learnt of the server; the exchange hears no more of it. */
  abort(): void;
}
