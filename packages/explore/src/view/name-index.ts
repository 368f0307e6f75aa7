// An index of the names of a sync's resources and entitlements, for search as you type. It is built in the background,
// one page at a time, and yields to other questions after each. A search before the end covers the names read so far
// and reports that it is incomplete.
//
// Memory: about 150 bytes per name, for at most MAX_NAMES names.
import { setImmediate as rest } from 'node:timers/promises';
import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';
import { boundsOf, type EngineSnapshot, type ReadableEngine, readPages } from '@sstitch/contract';
import { bucketLayout, bucketSpan, decodeTuple, SYNC_ID_LENGTH_BYTES } from '@sstitch/keys';
import { throwIfAborted } from '../errors.js';
import { NameText } from './name-text.js';

const MAX_NAMES = 2_000_000;
/** Names in one text, which keeps it far below V8's longest string. */
const NAMES_A_TEXT = 16_384;
/** Names and ids are indexed up to this length. */
const MAX_INDEXED_CHARACTERS = 512;
/** `display_name` of both ResourceRecord and EntitlementRecord. */
const DISPLAY_NAME_FIELD = 4;

/** A resource or an entitlement by its id. */
export type FoundId =
  | { readonly kind: 'resource'; readonly type: string; readonly id: string }
  | { readonly kind: 'entitlement'; readonly id: string };

/** The result of a search. */
export interface FoundNames {
  /** First those whose name or id begins with the text. */
  readonly ids: readonly FoundId[];
  /** Names that were searched. */
  readonly searched: number;
  /** Whether no name that is still unread can change the result. */
  readonly isComplete: boolean;
}

/** A search. */
export interface NameQuery {
  readonly text: string;
  readonly limit: number;
  /** Limits the search to resources of this type. @defaultValue no limit */
  readonly type?: string | undefined;
  readonly kind?: FoundId['kind'] | undefined;
}

interface NameChunk {
  readonly ids: readonly FoundId[];
  readonly text: NameText;
}

const NAMED_BUCKETS = ['resource', 'entitlement'] as const;

/** The names of one sync. */
export class NameIndex {
  readonly #chunks: NameChunk[] = [];
  #count = 0;
  #isComplete = false;
  /** Fulfils when all names are read. */
  readonly whole: Promise<void>;

  /**
   * Starts to read the names.
   *
   * @param signal aborts the reading and rejects `whole`
   */
  constructor(
    engine: ReadableEngine,
    syncId: string,
    snapshot: EngineSnapshot,
    signal: AbortSignal,
  ) {
    this.whole = this.#read(engine, syncId, snapshot, signal);
    // There may be no caller that waits for it.
    this.whole.catch(() => undefined);
  }

  search({ text, limit, kind, type }: NameQuery): FoundNames {
    const found = new Set<FoundId>();
    const take = (chunk: NameChunk, numbers: Iterable<number>): boolean => {
      for (const number of numbers) {
        const id = chunk.ids[number];
        if (id === undefined || (kind !== undefined && id.kind !== kind)) continue;
        if (type !== undefined && (id.kind !== 'resource' || id.type !== type)) continue;
        found.add(id);
        if (found.size === limit) return true;
      }
      return false;
    };
    const isFull =
      this.#chunks.some((chunk) => take(chunk, chunk.text.beginningWith(text))) ||
      this.#chunks.some((chunk) => take(chunk, chunk.text.containing(text)));
    return {
      ids: [...found],
      searched: this.#count,
      // A full result needs no further names.
      isComplete: this.#isComplete || isFull,
    };
  }

  async #read(
    engine: ReadableEngine,
    syncId: string,
    snapshot: EngineSnapshot,
    signal: AbortSignal,
  ): Promise<void> {
    let ids: FoundId[] = [];
    let names: Array<readonly [string, string]> = [];
    const flush = () => {
      if (ids.length === 0) return;
      this.#chunks.push({ ids, text: new NameText(names) });
      this.#count += ids.length;
      ids = [];
      names = [];
    };
    for (const bucket of NAMED_BUCKETS) {
      if (this.#count >= MAX_NAMES) break;
      const idStart = bucketLayout(bucket).prefix.length + SYNC_ID_LENGTH_BYTES;
      const read = { ...boundsOf(bucketSpan(bucket, syncId)), snapshot };
      for await (const entries of readPages(engine, read, () => throwIfAborted(signal))) {
        for (const [key, value] of entries) {
          const [first = '', second = ''] = decodeTuple(key, idStart);
          const id: FoundId =
            bucket === 'resource'
              ? { kind: bucket, type: first, id: second }
              : { kind: bucket, id: first };
          ids.push(id);
          names.push([shortened(displayName(value)), shortened(id.id)]);
        }
        if (ids.length >= NAMES_A_TEXT) flush();
        if (this.#count + ids.length >= MAX_NAMES) break;
        await rest();
      }
      flush();
    }
    this.#isComplete = this.#count < MAX_NAMES;
  }
}

function shortened(text: string): string {
  return text.length > MAX_INDEXED_CHARACTERS ? text.slice(0, MAX_INDEXED_CHARACTERS) : text;
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
