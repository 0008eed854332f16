import type { ListingBlock } from '../course/listingBlock';
import { findPart, partText } from '../course/listingPart';
import { allBlocks, type ParsedBlock } from '../course/parsedCourse';
import type { ListingState } from '../protocol/webview';
import { highlighted } from './highlight';
import type { LabController } from './labController';
import type { LabTexts } from './labTexts';
import type { WorkingCopy } from './workingCopy';

export interface ListingsOptions {
  readonly texts: LabTexts;
  readonly labs: ReadonlyMap<string, LabController>;
  readonly copies: Pick<WorkingCopy, 'read'>;
}

/** The live listings of a document: each as the reader's copy has it, or as the lab ships it. */
export class Listings {
  readonly #options: ListingsOptions;
  /** What the page knows, as JSON by key: what did not change is not sent again. */
  readonly #told = new Map<string, string>();

  constructor(options: ListingsOptions) {
    this.#options = options;
  }

  /** All of them, for a page that begins. */
  async all(blocks: readonly ParsedBlock[]): Promise<readonly ListingState[]> {
    this.#told.clear();
    return this.changed(blocks, null);
  }

  /** Those of a lab (null: of any) that are another than the page was told. */
  async changed(blocks: readonly ParsedBlock[], lab: string | null): Promise<readonly ListingState[]> {
    const changed: ListingState[] = [];
    for (const block of allBlocks(blocks)) {
      if (block.kind !== 'listing' || (lab !== null && block.lab !== lab)) continue;
      const state = await this.#state(block);
      const json = JSON.stringify(state);
      if (state === null || this.#told.get(keyOf(block)) === json) continue;
      this.#told.set(keyOf(block), json);
      changed.push(state);
    }
    return changed;
  }

  async #state(block: ListingBlock): Promise<ListingState | null> {
    const lab = this.#options.labs.get(block.lab);
    const original = this.#options.texts.get(block.lab)?.get(block.file);
    if (original === undefined) return null;
    const copy =
      lab === undefined ? null : ((await this.#options.copies.read(lab.definition, block.file))?.text ?? null);
    const { lab: labId, file, heads } = block;
    const own = copy === null ? null : part(copy, heads);
    const shipped = part(original, heads);
    const shown = own ?? shipped;
    if (shown === null || shipped === null) return null;
    const isChanged = own !== null && own.text !== shipped.text;
    return {
      lab: labId,
      file,
      heads,
      html: highlighted(shown.text, file),
      line: shown.line,
      state: copy !== null && own === null ? 'gone' : isChanged ? 'changed' : 'original',
      originalHtml: isChanged ? highlighted(shipped.text, file) : null,
      arm: lab?.armOfFile(file) ?? null,
    };
  }
}

function keyOf({ lab, file, heads }: ListingBlock): string {
  return JSON.stringify([lab, file, heads]);
}

function part(text: string, heads: readonly string[]): { readonly text: string; readonly line: number } | null {
  const unix = text.replace(/\r\n?/g, '\n');
  const found = findPart(unix, heads);
  return found === null ? null : { text: partText(unix, found), line: found.from + 1 };
}
