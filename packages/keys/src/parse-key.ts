import { describeValue, isBytes } from '@sstitch/contract';
import { KeysError } from './errors.js';
import { toHex } from './hex.js';
import {
  BUCKETS,
  type Bucket,
  type BucketLayout,
  FORMAT_VERSION,
  RESERVED_RANGES,
  type ReservedRange,
  SYNC_ID_LENGTH_BYTES,
} from './layout.js';
import { formatSyncId, type SyncIdBytes, syncIdBytes } from './sync-id.js';
import { decodeTuple } from './tuple.js';

/** The parts of a key. */
export interface ParsedKey {
  /** The bucket that the key's prefix names. */
  readonly bucket: Bucket;
  /** The text form, 27 characters. */
  readonly syncId: string;
  /** The binary form. */
  readonly syncIdBytes: SyncIdBytes;
  /** The elements after the sync id, as many as the bucket has and in its order. */
  readonly elements: readonly string[];
}

/** What arbitrary bytes are as a key, for a tool that shows any store. */
export type ClassifiedKey =
  | { readonly kind: 'sync'; readonly key: ParsedKey }
  | { readonly kind: 'reserved'; readonly range: ReservedRange }
  | { readonly kind: 'malformed'; readonly problem: KeysError };

/**
 * Parses a key. Each key has one form: building a key from the parts produces the same bytes.
 *
 * @throws {@link KeysError} SSTITCH_KEY_RESERVED for a key that belongs to no sync,
 * SSTITCH_KEY_MALFORMED for any other bytes that are not a key of a bucket.
 */
export function parseKey(key: Uint8Array): ParsedKey {
  return new KeyParser().parse(key);
}

/** Like {@link parseKey}, but never throws on bad bytes: for tools that must also show foreign keys. */
export function classifyKey(key: Uint8Array): ClassifiedKey {
  return new KeyParser().classify(key);
}

/** What the keys of a bucket of a sync begin with. */
interface KeyStart {
  /** The bucket's prefix, then the sync id. */
  readonly bytes: Uint8Array;
  readonly layout: BucketLayout;
  readonly syncId: string;
  readonly syncIdBytes: SyncIdBytes;
}

/**
 * Parses many keys. In key order, the keys of a bucket of a sync are neighbours: their bucket is looked up, and their
 * sync id formatted, once.
 */
export class KeyParser {
  #last: KeyStart | undefined;

  /**
   * Parses a key, as {@link parseKey} does. Neighbours share `syncIdBytes`.
   *
   * @throws {@link KeysError} as `parseKey` does.
   */
  parse(key: Uint8Array): ParsedKey {
    if (!isBytes(key)) {
      throw new KeysError('SSTITCH_KEY_MALFORMED', `a key is bytes, not ${describeValue(key)}`);
    }
    const { bytes, layout, syncId, syncIdBytes } = this.#startOf(key);
    const { bucket, elements: names } = layout;
    const elements = elementsOf(key, bytes.length, layout);
    if (elements.length !== names.length) {
      throw malformed(key, `a ${bucket} key has ${names.length} elements, not ${elements.length}`);
    }
    return { bucket, syncId, syncIdBytes, elements };
  }

  /**
   * The sync in whose range a key lies, in text form, whether or not its elements are those of its bucket. Undefined if
   * it lies in no such range.
   */
  syncOf(key: Uint8Array): string | undefined {
    if (this.#last !== undefined && startsWith(key, this.#last.bytes)) return this.#last.syncId;
    const layout = layoutOf(key);
    const isWhole = layout !== undefined && key.length >= startLength(layout);
    return isWhole ? this.#startOf(key).syncId : undefined;
  }

  /** Classifies a key, as {@link classifyKey} does. */
  classify(key: Uint8Array): ClassifiedKey {
    try {
      return { kind: 'sync', key: this.parse(key) };
    } catch (error) {
      if (!(error instanceof KeysError)) throw error;
      if (error.code === 'SSTITCH_KEY_RESERVED') {
        const range = reservedRangeOf(key);
        if (range !== undefined) return { kind: 'reserved', range };
      }
      return { kind: 'malformed', problem: error };
    }
  }

  #startOf(key: Uint8Array): KeyStart {
    if (this.#last === undefined || !startsWith(key, this.#last.bytes)) this.#last = readStart(key);
    return this.#last;
  }
}

function readStart(key: Uint8Array): KeyStart {
  const layout = layoutOf(key);
  if (layout === undefined) throw unknownKey(key);
  const { bucket, prefix } = layout;
  const length = startLength(layout);
  if (key.length < length) throw malformed(key, `it ends inside the sync id of a ${bucket} key`);
  // A plain copy: databases return keys as Buffers, whose parts are views.
  const bytes = Uint8Array.from(key.subarray(0, length));
  const sync = syncIdBytes(bytes.subarray(prefix.length));
  return { bytes, layout, syncId: formatSyncId(sync), syncIdBytes: sync };
}

function layoutOf(key: Uint8Array): BucketLayout | undefined {
  return BUCKETS.find(({ prefix }) => startsWith(key, prefix));
}

function startLength({ prefix }: BucketLayout): number {
  return prefix.length + SYNC_ID_LENGTH_BYTES;
}

function elementsOf(key: Uint8Array, offset: number, { bucket }: BucketLayout): string[] {
  try {
    return decodeTuple(key, offset);
  } catch (cause) {
    if (!(cause instanceof KeysError)) throw cause;
    throw malformed(key, `the elements of a ${bucket} key: ${cause.message}`, cause);
  }
}

function unknownKey(key: Uint8Array): KeysError {
  if (key.length === 0) return malformed(key, 'it is empty');
  if (key[0] !== FORMAT_VERSION)
    return malformed(key, 'its first byte, the format version, is not 03');
  const range = reservedRangeOf(key);
  if (range === undefined) return malformed(key, 'it has no known bucket');
  return new KeysError(
    'SSTITCH_KEY_RESERVED',
    `key ${toHex(key)} belongs to no sync: it is reserved for ${range}`,
  );
}

function reservedRangeOf(key: Uint8Array): ReservedRange | undefined {
  return RESERVED_RANGES.find(({ prefix }) => startsWith(key, prefix))?.name;
}

function startsWith(key: Uint8Array, prefix: Uint8Array): boolean {
  for (let at = 0; at < prefix.length; at++) {
    if (key[at] !== prefix[at]) return false;
  }
  return true;
}

function malformed(key: Uint8Array, problem: string, cause?: KeysError): KeysError {
  return new KeysError(
    'SSTITCH_KEY_MALFORMED',
    `malformed key ${toHex(key)}: ${problem}`,
    cause === undefined ? undefined : { cause },
  );
}
