import type { FrameLocator, Locator } from 'playwright-core';

/** Answers to a question of each kind, given as a reader gives them. `root` is the question, in the text or in the review. */
export interface Answers {
  readonly kind: string;
  readonly wrong: (root: Locator) => Promise<void>;
  readonly right: (root: Locator) => Promise<void>;
  /** What the reader says of the answer where nothing else grades it. */
  readonly ratings?: { readonly wrong: string; readonly right: string };
}

/** Answers a question and has it graded. */
export async function give(answers: Answers | undefined, how: 'wrong' | 'right', root: Locator): Promise<void> {
  if (answers === undefined) throw new Error('The fixture has no answer to this question');
  await answers[how](root);
  await root.locator('[data-action="check"]').click();
  if (answers.ratings !== undefined) await root.locator(`[data-rating="${answers.ratings[how]}"]`).click();
  await root.locator('.verdict').waitFor();
}

const choose = (option: string) => (root: Locator) => root.locator(`[data-option="${option}"]`).click();
const write = (text: string) => (root: Locator) => root.locator('[data-field="short-answer"]').fill(text);

function chooseAll(...options: readonly string[]) {
  return async (root: Locator): Promise<void> => {
    for (const box of await root.locator('vscode-checkbox').all()) {
      const wanted = options.includes((await box.getAttribute('data-option')) ?? '');
      if (((await box.getAttribute('aria-checked')) === 'true') !== wanted) await box.click();
    }
  };
}

function pair(partners: Readonly<Record<string, string>>) {
  return async (root: Locator): Promise<void> => {
    for (const [id, partner] of Object.entries(partners)) {
      await root.locator(`select[data-pair="${id}"]`).selectOption(partner);
    }
  };
}

/** By the keyboard: the focus stays on the step that is moved. */
function arrange(...steps: readonly string[]) {
  return async (root: Locator): Promise<void> => {
    // The shuffle may have begun with just this order, and an order that was not touched is no answer.
    await root.locator('.order-list li').first().locator('[data-action="down"]').press('Enter');
    for (const [place, step] of steps.entries()) {
      const here = () => root.locator('.order-list li').nth(place).getAttribute('data-step');
      while ((await here()) !== step) await root.locator(`[data-step="${step}"] [data-action="up"]`).press('Enter');
    }
  };
}

const split = (preset: string) => (root: Locator) => root.locator(`[data-preset="${preset}"]`).click();

/** The questions of fixtures/tiny-course, by id. */
export const tinyAnswers: Readonly<Record<string, Answers>> = {
  split: { kind: 'predict-split', wrong: split('even'), right: split('all-on-left') },
  busy: { kind: 'predict-outcome', wrong: choose('both'), right: choose('one') },
  one: { kind: 'single-choice', wrong: choose('no-one'), right: choose('yes-one') },
  some: { kind: 'multiple-choice', wrong: chooseAll('third'), right: chooseAll('first', 'second') },
  short: { kind: 'short-answer', wrong: write('파일입니다'), right: write('TCP 연결을') },
  steps: {
    kind: 'order',
    wrong: arrange('answer', 'request', 'connect'),
    right: arrange('connect', 'request', 'answer'),
  },
  pairs: { kind: 'match', wrong: pair({ port: 'l7', path: 'l4' }), right: pair({ port: 'l4', path: 'l7' }) },
  fault: { kind: 'find-the-fault', wrong: choose('listen'), right: choose('pass') },
  aloud: {
    kind: 'interview',
    wrong: (root) => root.locator('[data-field="interview"]').fill('…'),
    // Aloud, that is: without a word written.
    right: (root) => root.locator('[data-field="interview"]').fill(''),
    ratings: { wrong: 'again', right: 'good' },
  },
};

export class ReviewPage {
  readonly root: Locator;
  readonly #frame: FrameLocator;

  constructor(frame: FrameLocator) {
    this.#frame = frame;
    this.root = frame.locator('main.review');
  }

  /** The question that is being asked. */
  get question(): Locator {
    return this.root.locator('.quiz');
  }

  /** Empty when all are known. */
  async questionId(): Promise<string> {
    const ids = await this.question.evaluateAll((all) => all.map((one) => one.getAttribute('data-quiz') ?? ''));
    return ids[0] ?? '';
  }

  button(action: string): Locator {
    return this.root.locator(`[data-action="${action}"]`);
  }

  /** "6 of 7 left" as numbers. */
  async left(): Promise<readonly number[]> {
    const text = await this.root.locator('.review-count').innerText();
    return (text.match(/\d+/g) ?? []).map(Number);
  }

  progress(name: string): Locator {
    return this.#frame.locator(`main.progress [data-progress="${name}"]`);
  }
}
