import type { Locator } from 'playwright-core';
import { expect } from 'vitest';
import type { Editor } from './harness';

/** The text editor beside the course. */
export class ConfEditor {
  readonly #window: Editor;
  readonly #root: Locator;

  constructor(window: Editor) {
    this.#window = window;
    this.#root = window.page.locator('.editor-instance .monaco-editor').first();
  }

  /** The first line with a text. Monaco writes spaces as no-break spaces. */
  line(text: string): Locator {
    return this.#root.locator('.view-line').filter({ hasText: new RegExp(escaped(text).replaceAll(' ', '[ \u00a0]')) });
  }

  /** What stands behind a line that is no part of the file. */
  hint(line: string): Locator {
    return this.line(line).locator('[class*="dyn-rule"]').filter({ hasText: '%' }).first();
  }

  async hintText(line: string): Promise<string> {
    return (await this.hint(line).innerText()).replaceAll('\u00a0', ' ');
  }

  async hintCount(): Promise<number> {
    const lines = await this.#root.locator('.view-line').filter({ hasText: /%/ }).count();
    return lines;
  }

  lens(title: string): Locator {
    return this.#root.locator('.codelens-decoration a').filter({ hasText: title });
  }

  squiggle(): Locator {
    return this.#root.locator('.squiggly-error').first();
  }

  async language(): Promise<string> {
    return (await this.#window.page.locator('#status\\.editor\\.mode').innerText()).trim();
  }

  /**
   * By its place: a line with live numbers is drawn anew twice a second, which a click on the element would wait for. Whether
   * the caret got there is looked at, since what stands above the first line comes and goes, and moves every line.
   */
  async #focusEnd(text: string): Promise<void> {
    const line = this.line(text).first();
    const place = async () => (await line.boundingBox()) ?? { y: Number.NaN, height: Number.NaN };
    const clicked = async (): Promise<boolean> => {
      const { y, height } = await place();
      if (Number.isNaN(y)) return false;
      // In the middle of the editor, however far it is scrolled to the side.
      const editor = await this.#root.boundingBox();
      await this.#window.page.mouse.click((editor?.x ?? 0) + (editor?.width ?? 0) / 2, y + height / 2);
      await this.#window.page.keyboard.press('End');
      const caret = await this.#root.locator('.cursors-layer .cursor').first().boundingBox();
      return Math.abs((caret?.y ?? Number.NaN) - (await place()).y) < height / 2;
    };
    await expect.poll(clicked, { timeout: 10_000 }).toBe(true);
  }

  async typeAtEnd(line: string, text: string): Promise<void> {
    await this.#focusEnd(line);
    await this.#window.page.keyboard.type(text);
  }

  async deleteLine(text: string): Promise<void> {
    await this.#focusEnd(text);
    await this.#window.page.keyboard.press('Control+Shift+K');
    await this.line(text).waitFor({ state: 'detached' });
  }

  async undoUntil(reached: () => Promise<boolean>): Promise<void> {
    await this.#focusEnd('worker_processes');
    const drawn = () => this.#root.locator('.view-lines').innerText();
    for (let step = 0; step < 20 && !(await reached()); step += 1) {
      const before = await drawn();
      await this.#window.page.keyboard.press('Control+Z');
      // Drawn before it is judged: one step too many would undo what the caller waits for. A step out of sight draws nothing.
      for (let wait = 0; wait < 20 && (await drawn()) === before; wait += 1)
        await this.#window.page.waitForTimeout(100);
    }
    expect(await reached()).toBe(true);
  }

  async save(): Promise<void> {
    await this.#window.page.keyboard.press('Control+S');
  }
}

/**
 * What a window complained of, without VS Code's word that it gave other extensions up before a save: its own deadline,
 * missed where the whole window is slow. Traffic Lab takes no part in what happens before a save.
 */
export function ownErrors(window: Editor): readonly string[] {
  return window.consoleErrors.filter((text) => !text.includes('Aborted onWillSaveTextDocument-event'));
}

function escaped(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
