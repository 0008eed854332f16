import type { Express, Response } from 'express';
import type { BackendParts } from '../protocolServer';

/** How a service answers: through the door, so that every answer is counted before its last byte is sent. */
export interface RestDoor {
  answer(res: Response, status: number, body: unknown): void;
  /** `{ error: { code, message, faults? } }`; `code` is for programs, the text is English as APIs speak. */
  refuse(res: Response, status: number, code: string, text: string, faults?: readonly unknown[]): void;
  /** To be called before the end of an answer that the service writes by itself. */
  streamed(res: Response): void;
}

/** A service as REST. Every request has passed the door (capacity, faults, JSON body) when a route sees it. */
export interface RestService {
  mount(app: Express): void;
  /** What it holds (a connection to a store), let go after the last answer. */
  dispose?(): void | Promise<void>;
}

/** Makes the service of a backend. Rejects if it cannot start; the backend then does not listen. */
export type StartRestService<Options> = (options: Options, door: RestDoor, parts: BackendParts) => Promise<RestService>;
