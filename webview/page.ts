import './page.css';
import { assertNever } from '../src/base/assertNever';
import type { Snapshot } from '../src/measurement/snapshot';
import type { LiveSnapshot, ToWebview } from '../src/protocol/webview';
import { type CoursePage, coursePage } from './course/coursePage';
import { placeIn } from './course/place';
import { openMemory, receive, savePlace, send } from './host';
import { browse, Pace } from './lab/browserTraffic';
import { setLanguage } from './strings';

/** The course page: shows what the host sends, sends what the reader does. */

let page: CoursePage | null = null;
let painted = false;
/** What the page sends as the client of an arm that only a browser can run. */
let browsing: {
  readonly lab: string;
  readonly run: number;
  readonly stop: AbortController;
  readonly pace: Pace;
} | null = null;
/** By lab. */
const lastSamples = new Map<string, Snapshot['samples']>();

function openPage(message: Extract<ToWebview, { type: 'course' }>): void {
  const state = message.page;
  // Another language keeps the reader's place, which is saved by heading.
  const main = document.querySelector<HTMLElement>('main#course');
  if (page && main?.checkVisibility()) savePlace(placeIn(main));
  const focused = document.activeElement?.closest<HTMLElement>('[data-language]') !== null;
  page?.dispose();
  openMemory(state.courseId);
  setLanguage(state.language, state.catalog);
  document.documentElement.lang = state.language;
  document.title = state.course.title;
  page = coursePage(state);
  document.body.replaceChildren(page.element);
  page.attach();
  if (focused)
    document
      .querySelector<HTMLElement>(`[data-language="${CSS.escape(state.language)}"]`)
      ?.focus({ preventScroll: true });
  if (!painted) {
    painted = true;
    // What runs after a frame's callbacks runs after its paint.
    requestAnimationFrame(() =>
      setTimeout(() => send({ type: 'mark', name: 'first-paint', atMs: performance.now() }), 0),
    );
  }
}

receive((message) => {
  switch (message.type) {
    case 'course':
      openPage(message);
      break;
    case 'lab':
      page?.updateLab(message.lab);
      break;
    case 'snapshot':
      page?.snapshot(message.lab, whole(message.lab, message.snapshot));
      break;
    case 'listing':
      page?.updateListing(message.listing);
      break;
    case 'quiz':
      page?.updateQuiz(message.quiz);
      break;
    case 'refused':
      page?.refuse(message);
      break;
    case 'browse':
      browsing?.stop.abort();
      browsing = { lab: message.lab, run: message.run, stop: new AbortController(), pace: new Pace(message.plan.rate) };
      void browse(
        message.plan,
        (batch) => send({ type: 'browsed', lab: message.lab, run: message.run, batch }),
        browsing.stop.signal,
        browsing.pace,
      );
      break;
    case 'browseRate':
      if (browsing?.lab === message.lab && browsing.run === message.run) browsing.pace.setRate(message.rate);
      break;
    case 'browseStop':
      if (browsing?.lab === message.lab && browsing.run === message.run) browsing.stop.abort();
      break;
    case 'reveal':
      page?.reveal(message.anchor);
      break;
    case 'view':
      page?.setView(message.view);
      break;
    case 'review':
      page?.updateReview(message.review);
      break;
    case 'progress':
      page?.updateProgress(message.progress);
      break;
    default:
      assertNever(message);
  }
});

send({ type: 'ready' });

/** With the samples that were sent last, where none came with it. */
function whole(lab: string, snapshot: LiveSnapshot): Snapshot {
  const samples = snapshot.samples ?? lastSamples.get(lab) ?? [];
  lastSamples.set(lab, samples);
  return { ...snapshot, samples };
}
