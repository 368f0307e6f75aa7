// Loads entries in any order as `sstitch import` loads records: worker threads sort them and build tables,
// which one commit ingests.
import { BUCKETS, parseKey, SYNC_ID_LENGTH_BYTES, syncSpansInKeyOrder } from '@sstitch/keys';

const ARENA_BYTES = 2 * 1024 * 1024;
const ARENA_ENTRIES = 64 * 1024;
/** Enough for the buckets of two syncs: entries arrive sync by sync. */
const MAX_ARENAS = 2 * BUCKETS.length;

/** The longest prefix first, because a bucket's prefix may begin with a shorter one. */
const BUCKET_PREFIXES = BUCKETS.map(({ prefix }) => prefix).sort((a, b) => b.length - a.length);

/** Loads entries into an open store, replacing what it holds of the syncs. */
export async function loadEntriesInBulk(store, pages) {
  const free = [];
  const loader = store.tableLoader({ onWritten: (arena) => free.push(arena) });
  const arenas = new Map();
  const syncIds = new Set();
  for await (const page of pages) {
    for (const [key, value] of page) {
      const prefixLength = prefixLengthOf(key);
      const name = Buffer.from(key.buffer, key.byteOffset, prefixLength).toString('latin1');
      const room = key.length - prefixLength + value.length;
      let arena = arenas.get(name);
      if (arena === undefined) syncIds.add(parseKey(key).syncId);
      if (arena === undefined || !hasRoom(arena, room)) {
        if (arena === undefined && arenas.size === MAX_ARENAS) {
          await loader.add([...arenas.values()]);
          arenas.clear();
        } else if (arena !== undefined) {
          await loader.add([arena]);
        }
        arena = emptyArena(free.pop(), key.subarray(0, prefixLength), room);
        arenas.set(name, arena);
      }
      append(arena, key, value);
    }
  }
  await loader.add([...arenas.values()]);
  const spans = [...syncIds]
    .flatMap((syncId) => syncSpansInKeyOrder(syncId).map(({ span }) => span))
    .sort((a, b) => Buffer.compare(a.start, b.start));
  await store.ingestAndExcise(await loader.finish(spans), { move: true });
  await loader.end();
}

/** The length of the prefix that ends with the sync's id. */
function prefixLengthOf(key) {
  const prefix = BUCKET_PREFIXES.find((bytes) => bytes.every((byte, at) => key[at] === byte));
  return prefix.length + SYNC_ID_LENGTH_BYTES;
}

function emptyArena(used, prefix, leastBytes) {
  const memory = used?.bytes.length >= leastBytes ? used : newArena(leastBytes);
  // A copy, because the page that holds the key is reused.
  return { ...memory, prefix: Uint8Array.from(prefix), count: 0 };
}

function newArena(leastBytes) {
  const numbers = () => new Uint32Array(new SharedArrayBuffer(4 * ARENA_ENTRIES));
  const bytes = new Uint8Array(new SharedArrayBuffer(Math.max(ARENA_BYTES, leastBytes)));
  return { bytes, keyEnds: numbers(), ends: numbers() };
}

function endOf({ ends, count }) {
  return count === 0 ? 0 : ends[count - 1];
}

function hasRoom(arena, bytes) {
  return arena.count < ARENA_ENTRIES && endOf(arena) + bytes <= arena.bytes.length;
}

function append(arena, key, value) {
  const { bytes, keyEnds, ends, prefix, count } = arena;
  const start = endOf(arena);
  const keyEnd = start + key.length - prefix.length;
  bytes.set(key.subarray(prefix.length), start);
  bytes.set(value, keyEnd);
  keyEnds[count] = keyEnd;
  ends[count] = keyEnd + value.length;
  arena.count += 1;
}
