// Some thousand names as one text, so that a search is one pass of the engine's own indexOf.
//
//   text  := entry*
//   entry := LF name NUL id      both in lower case, with LF and NUL as spaces
import { ExploreError } from '../errors.js';

const NAME_START = '\n';
const ID_START = '\0';
const STARTS = /[\n\0]/g;

/** Names that are searched together. */
export class NameText {
  readonly #text: string;
  /** Where each entry begins. */
  readonly #starts: Uint32Array;

  constructor(entries: ReadonlyArray<readonly [name: string, id: string]>) {
    const parts: string[] = [];
    this.#starts = new Uint32Array(entries.length);
    let length = 0;
    for (const [at, [name, id]] of entries.entries()) {
      const part = `${NAME_START}${folded(name)}${ID_START}${folded(id)}`;
      this.#starts[at] = length;
      parts.push(part);
      length += part.length;
    }
    this.#text = parts.join('');
  }

  /** The numbers of entries whose name or id begins with the text. An entry may come twice. */
  *beginningWith(wanted: string): Generator<number, void, undefined> {
    for (const start of [NAME_START, ID_START]) yield* this.#find(start + folded(wanted));
  }

  /** The numbers of entries whose name or id contains the text, in order. */
  *containing(wanted: string): Generator<number, void, undefined> {
    yield* this.#find(folded(wanted));
  }

  *#find(wanted: string): Generator<number, void, undefined> {
    for (let from = 0; ; ) {
      const place = this.#text.indexOf(wanted, from);
      if (place < 0) return;
      const entry = this.#entryAt(place);
      yield entry;
      const next = this.#starts[entry + 1];
      // What comes after a first NUL may match too, but is the same entry.
      if (next === undefined) return;
      from = next;
    }
  }

  #entryAt(place: number): number {
    let [low, high] = [0, this.#starts.length - 1];
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if ((this.#starts[middle] ?? 0) <= place) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}

/** As names are compared: whatever their case. */
function folded(text: string): string {
  return text.toLowerCase().replaceAll(STARTS, ' ');
}

/** @throws {@link ExploreError} SSTITCH_QUESTION_INVALID on a text that would match everything */
export function checkSearchText(text: string): string {
  const trimmed = text.trim();
  if (trimmed !== '') return trimmed;
  throw new ExploreError('SSTITCH_QUESTION_INVALID', 'text: there is nothing to search for');
}
