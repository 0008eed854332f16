import { type FromWebview, parseToWebview, type ToWebview } from '../src/protocol/webview';

/** The one door to the extension host, and the page's own memory that survives a reload of the window. */

interface VsCodeApi {
  postMessage(message: unknown): void;
  getState(): unknown;
  setState(state: unknown): void;
}
declare function acquireVsCodeApi(): VsCodeApi;

const api = acquireVsCodeApi();

export function send(message: FromWebview): void {
  api.postMessage(message);
}

export function receive(listener: (message: ToWebview) => void): void {
  window.addEventListener('message', (event: MessageEvent<unknown>) => {
    const parsed = parseToWebview(event.data);
    if (parsed !== null) listener(parsed);
  });
}

/** Where the reader is: a heading, its ordinal (anchors differ by language), a block after it, and px below its top. */
export interface Place {
  readonly anchor: string | null;
  readonly heading: number;
  readonly block: number;
  readonly offset: number;
}

interface Memory {
  courseId: string | null;
  place: Place | null;
  /** Open and closed `details` by key. */
  open: Record<string, boolean>;
  /** Values of controls that were not sent yet, by key. */
  drafts: Record<string, unknown>;
  /** Names of the tabs the reader chose, the latest first. */
  tabs: readonly string[];
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

function restore(saved: unknown): Memory {
  if (!isRecord(saved)) return { courseId: null, place: null, open: {}, drafts: {}, tabs: [] };
  const place = isRecord(saved.place) ? saved.place : null;
  return {
    courseId: typeof saved.courseId === 'string' ? saved.courseId : null,
    place:
      place !== null && typeof place.offset === 'number' && typeof place.heading === 'number'
        ? {
            anchor: typeof place.anchor === 'string' ? place.anchor : null,
            heading: place.heading,
            block: typeof place.block === 'number' ? place.block : 0,
            offset: place.offset,
          }
        : null,
    open: isRecord(saved.open) ? (saved.open as Record<string, boolean>) : {},
    drafts: isRecord(saved.drafts) ? { ...saved.drafts } : {},
    tabs: Array.isArray(saved.tabs) ? saved.tabs.filter((name) => typeof name === 'string') : [],
  };
}

const memory = restore(api.getState());
const save = () => api.setState(memory);

/** What was remembered of another course is forgotten. */
export function openMemory(courseId: string): void {
  if (memory.courseId === courseId) return;
  if (memory.courseId !== null) Object.assign(memory, { place: null, open: {}, drafts: {}, tabs: [] });
  memory.courseId = courseId;
  save();
}

export function savedPlace(): Place | null {
  return memory.place;
}

export function savePlace(place: Place): void {
  memory.place = place;
  save();
}

export function draft(key: string): unknown {
  return memory.drafts[key];
}

/** undefined forgets it. */
export function saveDraft(key: string, value: unknown): void {
  if (value === undefined) delete memory.drafts[key];
  else memory.drafts[key] = value;
  save();
}

/** Keeps a `details` element open or closed over reloads. */
export function rememberOpen(element: HTMLDetailsElement, key: string, openAtFirst: boolean): void {
  element.open = memory.open[key] ?? openAtFirst;
  element.addEventListener('toggle', () => {
    if (memory.open[key] === element.open) return;
    memory.open[key] = element.open;
    save();
  });
}

export function chosenTabs(): readonly string[] {
  return memory.tabs;
}

/** So many names are enough to remember; a course has a few products. */
const REMEMBERED_TABS = 20;

export function saveChosenTab(name: string): void {
  memory.tabs = [name, ...memory.tabs.filter((other) => other !== name)].slice(0, REMEMBERED_TABS);
  save();
}
