import { type MessagePort, workerData } from 'node:worker_threads';

/** `workerData` of a thread that is started before it is known what for. */
export interface WarmStart {
  readonly warm: true;
  /** Libraries worth loading meanwhile, by names the worker knows. */
  readonly preload: readonly string[];
}

/** The first message to a thread that was started warm. */
export interface LateStart {
  readonly type: 'start';
  readonly start: unknown;
}

export interface WorkerEntry<Start, Order> {
  /** What is worth loading while nothing is to be done yet. */
  preload(name: string): void;
  begin(start: Start): void;
  obey(order: Order): void;
}

/**
 * Begins with the thread's `workerData`, or, in a thread that was started warm, with what its first message brings; all
 * messages after that are orders. A warm thread that is told to close before it began just ends.
 */
export function serveAsWorker<Start, Order extends { readonly type: string }>(
  port: MessagePort,
  entry: WorkerEntry<Start, Order>,
): void {
  let begun = false;
  const begin = (start: unknown): void => {
    begun = true;
    entry.begin(start as Start);
  };
  port.on('message', (message: LateStart | Order) => {
    if (begun) entry.obey(message as Order);
    else if (message.type === 'start') begin((message as LateStart).start);
    else port.close();
  });
  if (!isWarm(workerData)) begin(workerData);
  else for (const name of workerData.preload) entry.preload(name);
}

function isWarm(data: unknown): data is WarmStart {
  return typeof data === 'object' && data !== null && (data as { warm?: unknown }).warm === true;
}
