// Thousands of names in one string, so that a search is one pass of String.prototype.indexOf.
//
//   text  := entry*
//   entry := LF name NUL id      both folded: in lower case, with LF and NUL replaced by spaces
import { ExploreError } from '../errors.js';

const NAME_START = '\n';
const ID_START = '\0';
const STARTS = /[\n\0]/;
const ALL_STARTS = /[\n\0]/g;

/** A text of names. */
export class NameText {
  readonly #text: string;
  /** The offset of each entry. */
  readonly #starts: Uint32Array;

  /** @param names the name of each entry; `ids` has its id at the same place */
  constructor(names: readonly string[], ids: readonly string[]) {
    const parts = names.map(
      (name, at) => `${NAME_START}${plain(name)}${ID_START}${plain(ids[at] ?? '')}`,
    );
    // One call for all: it takes a fraction of a call for each.
    this.#text = lowerCase(parts.join(''));
    this.#starts = new Uint32Array(names.length);
    for (let at = 0, place = 0; at < names.length; at++) {
      place = this.#text.indexOf(NAME_START, place);
      this.#starts[at] = place;
      place += 1;
    }
  }

  /** Reports whether any name or id contains the text. */
  contains(wanted: string): boolean {
    return this.#text.includes(folded(wanted));
  }

  /** Yields the numbers of entries whose name or id begins with the text, perhaps twice. */
  *beginningWith(wanted: string): Generator<number, void, undefined> {
    for (const start of [NAME_START, ID_START]) yield* this.#find(start + folded(wanted));
  }

  /** Yields the numbers of entries whose name or id contains the text, in order. */
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
      // Another match in the same entry adds nothing.
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

/** Folds a text for comparison without regard to case. */
function folded(text: string): string {
  return plain(lowerCase(text));
}

/** Unifies the two lower-case sigmas: the final form would not match while the user still types the word. */
function lowerCase(text: string): string {
  return text.toLowerCase().replaceAll('ς', 'σ');
}

function plain(text: string): string {
  return STARTS.test(text) ? text.replaceAll(ALL_STARTS, ' ') : text;
}

/** Trims a text to search for. @throws {@link ExploreError} SSTITCH_QUESTION_INVALID if nothing is left */
export function checkSearchText(text: string): string {
  const trimmed = text.trim();
  if (trimmed !== '') return trimmed;
  throw new ExploreError('SSTITCH_QUESTION_INVALID', 'text: there is nothing to search for');
}
