// An index of the names of a sync's resources and entitlements, for search as you type. It is built in the background,
// one page at a time, and yields to other questions after each. The types of resources take turns, so that the first
// people are found as soon as the first groups. A search before the end covers the names read so far and reports that it
// is incomplete.
//
// Memory: about 150 bytes per name, for at most MAX_NAMES names; four bytes for each of at most MAX_CHARACTERS characters.
import { setImmediate as rest } from 'node:timers/promises';
import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';
import { boundsOf, type EntryPage, readPages } from '@sstitch/contract';
import { throwIfAborted } from '../errors.js';
import { firstCharacters } from './first-characters.js';
import {
  elementsOf,
  type FoundId,
  listNameParts,
  type NamedState,
  type NamePart,
} from './name-parts.js';
import { NameText } from './name-text.js';

const MAX_NAMES = 2_000_000;
/** The most characters of names and ids, which may be long. */
const MAX_CHARACTERS = 200_000_000;
/** Names in the first text of a part. Small, so that they are found soon; each further text may be as large as all before. */
const FIRST_TEXT_NAMES = 256;
/** The most names in one text, which keeps it far below V8's longest string. */
const MAX_TEXT_NAMES = 16_384;
/** Names and ids are indexed up to this length. */
const MAX_INDEXED_CHARACTERS = 512;
/** `display_name` of both ResourceRecord and EntitlementRecord. */
const DISPLAY_NAME_FIELD = 4;

/** The result of a search. */
export interface FoundNames {
  /** First those whose name or id begins with the text. */
  readonly ids: readonly FoundId[];
  /** Names that were searched. */
  readonly searched: number;
  /** Whether no name that is still unread can change the result. */
  readonly isComplete: boolean;
  /** Whether names are still being read, so that a later search may find more. */
  readonly isReading: boolean;
}

/** A search. */
export interface NameQuery {
  readonly text: string;
  readonly limit: number;
  /** Limits the search to resources of this type. @defaultValue no limit */
  readonly type?: string | undefined;
  readonly kind?: FoundId['kind'] | undefined;
}

/** The names of one sync. */
export class NameIndex {
  #parts: readonly PartNames[] = [];
  #isComplete = false;
  #isReading = true;
  #failure: { readonly error: unknown } | undefined;
  readonly state: NamedState;
  readonly parts: Promise<readonly NamePart[]>;
  /** Fulfils when all names are read. */
  readonly whole: Promise<void>;

  /**
   * Starts to read the names.
   *
   * @param signal aborts the reading and rejects `whole`
   * @param maxCharacters the number of characters of names and ids after which the reading ends
   */
  constructor(state: NamedState, signal: AbortSignal, maxCharacters = MAX_CHARACTERS) {
    this.state = state;
    this.parts = listNameParts(state);
    this.whole = this.#read(state, signal, maxCharacters)
      .catch((error: unknown) => {
        this.#failure = { error };
        throw error;
      })
      .finally(() => {
        this.#isReading = false;
      });
    // There may be no caller that waits for it.
    this.whole.catch(() => undefined);
  }

  /** Names that have been read. */
  get count(): number {
    return this.#parts.reduce((sum, { count }) => sum + count, 0);
  }

  get #characters(): number {
    return this.#parts.reduce((sum, { characters }) => sum + characters, 0);
  }

  /** Whether names are still being read. */
  get isReading(): boolean {
    return this.#isReading;
  }

  /** Searches the names that have been read. @throws the error that ended the reading */
  search({ text, limit, kind, type }: NameQuery): FoundNames {
    if (this.#failure !== undefined) throw this.#failure.error;
    // One pass over the texts, most of which hold nothing of what a user types.
    const texts = this.#parts
      .filter(({ part }) => mayHold(part, kind, type))
      .flatMap((names) => names.textsWith(text));
    // By their JSON: an entry is found by its name and by its id.
    const found = new Map<string, FoundId>();
    const take = (ids: Iterable<FoundId>): boolean => {
      for (const id of ids) {
        if (type !== undefined && (id.kind !== 'resource' || id.type !== type)) continue;
        found.set(JSON.stringify(id), id);
        if (found.size === limit) return true;
      }
      return false;
    };
    const isFull =
      texts.some((names) => take(at(names.ids, names.text.beginningWith(text)))) ||
      texts.some((names) => take(at(names.ids, names.text.containing(text))));
    return {
      ids: [...found.values()],
      searched: this.count,
      // A full result needs no further names.
      isComplete: this.#isComplete || isFull,
      isReading: this.#isReading,
    };
  }

  async #read(state: NamedState, signal: AbortSignal, maxCharacters: number): Promise<void> {
    const { engine, snapshot } = state;
    const check = () => throwIfAborted(signal);
    this.#parts = (await this.parts).map((part) => new PartNames(part));
    let unread = this.#parts.map((names) => ({
      names,
      pages: readPages(engine, { ...boundsOf(names.part.span), snapshot }, check),
    }));
    try {
      while (unread.length > 0 && this.count < MAX_NAMES && this.#characters < maxCharacters) {
        const read = new Set<PartNames>();
        for (const { names, pages } of unread) {
          const page = await pages.next();
          if (page.done) {
            names.finish();
            read.add(names);
          } else names.add(page.value);
          await rest();
        }
        unread = unread.filter(({ names }) => !read.has(names));
      }
    } finally {
      for (const { pages } of unread) await pages.return();
    }
    // The names read so far can be found.
    for (const { names } of unread) names.finish();
    this.#isComplete = unread.length === 0;
  }
}

/** The ids of a text's entries. */
interface TextOfNames {
  readonly ids: readonly FoundId[];
  readonly text: NameText;
}

/** The names of one part, in the order of their keys. */
class PartNames {
  readonly part: NamePart;
  readonly #texts: TextOfNames[] = [];
  /** Names that are not in a text yet. */
  #ids: FoundId[] = [];
  #names: string[] = [];
  /** Names that can be found. */
  count = 0;
  /** Characters of names and ids that were read. */
  characters = 0;

  constructor(part: NamePart) {
    this.part = part;
  }

  add(page: EntryPage): void {
    const { kind } = this.part;
    for (const [key, value] of page) {
      const [first = '', second = ''] = elementsOf(kind, key);
      // All resources of a part share the string of their type.
      const type = this.part.type ?? first;
      const id = kind === 'resource' ? second : first;
      const name = shortened(displayName(value));
      this.#ids.push(kind === 'resource' ? { kind, type, id } : { kind, id });
      this.#names.push(name);
      this.characters += name.length + id.length;
    }
    const wanted = Math.min(MAX_TEXT_NAMES, Math.max(FIRST_TEXT_NAMES, this.count));
    if (this.#ids.length >= wanted) this.finish();
  }

  /** Makes a text of the names that are in none. */
  finish(): void {
    const ids = this.#ids;
    if (ids.length === 0) return;
    const text = new NameText(
      this.#names,
      ids.map(({ id }) => shortened(id)),
    );
    this.#texts.push({ ids, text });
    this.count += ids.length;
    this.#ids = [];
    this.#names = [];
  }

  /** The texts in which some name or id contains what is wanted. */
  textsWith(wanted: string): readonly TextOfNames[] {
    return this.#texts.filter(({ text }) => text.contains(wanted));
  }
}

/** Reports whether a part may hold what a search is limited to. */
export function mayHold(part: NamePart, kind?: FoundId['kind'], type?: string): boolean {
  if (kind !== undefined && part.kind !== kind) return false;
  if (type === undefined) return true;
  return part.kind === 'resource' && (part.type ?? type) === type;
}

function* at(
  ids: readonly FoundId[],
  numbers: Iterable<number>,
): Generator<FoundId, void, undefined> {
  for (const number of numbers) {
    const id = ids[number];
    if (id !== undefined) yield id;
  }
}

function shortened(text: string): string {
  return text.length > MAX_INDEXED_CHARACTERS
    ? firstCharacters(text, MAX_INDEXED_CHARACTERS)
    : text;
}

/** Reads one field without decoding the record. Returns '' for a corrupt record, which other questions report. */
function displayName(value: Uint8Array): string {
  try {
    const reader = new BinaryReader(value);
    while (reader.pos < reader.len) {
      const [field, type] = reader.tag();
      if (field === DISPLAY_NAME_FIELD && type === WireType.LengthDelimited) return reader.string();
      reader.skip(type, field);
    }
  } catch {
    // A corrupt record has no name here.
  }
  return '';
}
