import type { FrameLocator, Locator } from 'playwright-core';

/** What a reader does and reads on the course page. Everything is found by what it is, never by its wording. */
export class CoursePage {
  readonly #frame: FrameLocator;

  constructor(frame: FrameLocator) {
    this.#frame = frame;
  }

  /** Language of the page's text: "en", "ko". */
  language(): Promise<string | null> {
    return this.#frame.locator('.page').getAttribute('lang');
  }

  /** Appears when the page is in that language. */
  inLanguage(id: string): Locator {
    return this.#frame.locator(`.page[lang="${id}"]`);
  }

  async switchTo(language: string): Promise<void> {
    await this.#frame.locator(`[data-language="${language}"]`).click();
  }

  /** Reads on until that place is at the top. */
  async readTo(anchor: string): Promise<void> {
    await this.#frame.locator(`#${anchor}`).evaluate((heading) => heading.scrollIntoView({ block: 'start' }));
  }

  /** A number of the progress page: "3 of 40". */
  progress(name: string): Locator {
    return this.#frame.locator(`main.progress [data-progress="${name}"]`);
  }

  /** From the progress page. */
  async backToText(): Promise<void> {
    await this.#frame.locator('main.progress [data-action="to-course"]').click();
    // Only then does the page take up the reader's old place.
    await this.#frame.locator('main#course').waitFor();
  }

  lab(id: string): LabBlock {
    return new LabBlock(this.#frame.locator(`[data-lab="${id}"].lab`));
  }

  diagram(id: string): TextDiagram {
    return new TextDiagram(this.#frame.locator(`#${id}.course-diagram`));
  }

  quiz(id: string): QuizBlock {
    return new QuizBlock(this.#frame.locator(`[data-quiz="${id}"].quiz`));
  }
}

/** A row of the live table. */
export interface ServerRow {
  readonly id: string;
  readonly connections: number;
  readonly requests: number;
  /** As written: "33.3 %". */
  readonly share: string;
  /** As written: "4.2 ms". */
  readonly p99: string;
}

export class LabBlock {
  readonly root: Locator;

  constructor(root: Locator) {
    this.root = root;
  }

  button(action: string): Locator {
    return this.root.locator(`[data-action="${action}"]`);
  }

  async chooseArm(arm: string): Promise<void> {
    await this.root.locator(`[data-option="${arm}"]`).click();
  }

  /** The arm that is marked as chosen. */
  arm(id: string): Locator {
    return this.root.locator(`[data-option="${id}"][aria-checked="true"]`);
  }

  field(name: string): Locator {
    return this.root.locator(`[data-field="${name}"] input`);
  }

  /** Clicks Run and waits until every answer is there. */
  async runToEnd(): Promise<void> {
    await this.button('run').click();
    await this.phase('running').waitFor();
    await this.phase('done').waitFor({ timeout: 60_000 });
  }

  /** Appears when the lab is in that phase of a run. */
  phase(phase: string): Locator {
    return this.root.and(this.root.page().locator(`[data-phase="${phase}"]`));
  }

  row(server: string): Locator {
    return this.root.locator(`[data-server-row="${server}"]`);
  }

  /** Does that to a server while it runs, and waits until the table shows it. */
  async breakServer(server: string, breakage: 'kill' | 'slow' | 'fail' | 'drain'): Promise<void> {
    const row = this.row(server);
    if (breakage !== 'kill') await row.locator('[data-action="more"]').click();
    await row.locator(`[data-action="${breakage}"]`).click();
    const undo = { kill: 'revive', slow: 'heal', fail: 'heal', drain: 'undrain' }[breakage];
    await row.locator(`[data-action="${undo}"]:not([hidden])`).waitFor({ state: 'attached' });
  }

  /** The live table, as a reader reads it. */
  async table(): Promise<ServerRow[]> {
    const rows = await this.root.locator('[data-server-row]').all();
    return Promise.all(
      rows.map(async (row) => {
        const cells = await row.locator('td').allInnerTexts();
        return {
          id: (await row.getAttribute('data-server-row')) ?? '',
          connections: wholeNumber(cells[1] ?? ''),
          requests: wholeNumber(cells[2] ?? ''),
          share: (cells[3] ?? '').trim(),
          p99: (cells[6] ?? '').replaceAll('\u00a0', ' ').trim(),
        };
      }),
    );
  }

  /** As the live table has them; 0 where the server is not in it. */
  async requestsOf(server: string): Promise<number> {
    const [, , requests] = await this.row(server).locator('td').allInnerTexts();
    return requests === undefined ? 0 : wholeNumber(requests);
  }

  /** Port on which a node of the diagram really listens: the declared one, or what the page says is used instead. */
  async portOf(node: string): Promise<number> {
    const declared = (await this.node(node).locator('.node-detail').innerText()).trim();
    const moved = await this.root.locator('.notice p').allInnerTexts();
    const addresses = moved.map((line) => line.match(/127\.0\.0\.1:\d+/g) ?? []);
    const actual = addresses.find((pair) => pair[0] === declared)?.[1] ?? declared;
    return Number(actual.split(':').at(-1));
  }

  /** A server's node of the live diagram. */
  node(server: string): Locator {
    return this.root.locator(`.live-diagram svg [id*="-flowchart-${server}-"]`);
  }

  /** The share that the diagram writes into a server's node. */
  async shareInDiagram(server: string): Promise<string> {
    return (await this.node(server).locator('.node-state').innerText()).trim();
  }

  /** Requests written on each edge of the diagram, in the order of the topology. */
  async requestsOnEdges(): Promise<number[]> {
    return (await this.root.locator('.live-diagram svg .edge-requests').allInnerTexts()).map(wholeNumber);
  }
}

/** A diagram of the text. */
export class TextDiagram {
  readonly root: Locator;

  constructor(root: Locator) {
    this.root = root;
  }

  /** It is drawn when it comes near the window. */
  async draw(): Promise<void> {
    await this.root.scrollIntoViewIfNeeded();
    await this.root.and(this.root.page().locator('[data-diagram="drawn"]')).waitFor();
  }

  /** Appears when its numbers are of that kind. */
  numbers(kind: 'nothing' | 'running' | 'measured'): Locator {
    return this.root.locator(`.diagram-numbers[data-numbers="${kind}"]`);
  }

  /** Requests written on its edges, in the order of its source. */
  async requests(): Promise<number[]> {
    return (await this.root.locator('svg .edge-requests').allInnerTexts()).map(wholeNumber);
  }

  /** The words of its author on its edges. */
  words(): Promise<string[]> {
    return this.root.locator('svg .label-words').allInnerTexts();
  }
}

export class QuizBlock {
  readonly root: Locator;

  constructor(root: Locator) {
    this.root = root;
  }

  /** Opens what the question is folded in. */
  async unfold(): Promise<void> {
    await this.root.waitFor({ state: 'attached' });
    const fold = this.root.locator('xpath=ancestor::details[not(@open)]');
    if ((await fold.count()) > 0) await fold.locator('> summary').click();
    await this.root.scrollIntoViewIfNeeded();
  }

  async answer(option: string): Promise<void> {
    await this.root.locator(`[data-option="${option}"]`).click();
    await this.root.locator('[data-action="check"]').click();
  }

  verdict(verdict: 'right' | 'partly' | 'wrong'): Locator {
    return this.root.locator(`[data-verdict="${verdict}"]`);
  }
}

/** "3,000 requests", "요청 3,000개", "1,000" as a number; NaN where there is none. */
function wholeNumber(text: string): number {
  return Number(/\d[\d,.]*/.exec(text)?.[0].replace(/[,.]/g, '') ?? 'NaN');
}
