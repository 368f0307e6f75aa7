// Creates checkpoints of stores for Pebble to open: stores with tables in several levels, virtual tables,
// tombstones, and old versions that snapshots have kept.
import { Store } from '@sstitch/engine';
import { randomEntries, randomKey, randomValue } from './random.mjs';

const KIB = 1024;
const VIEW = { keyEncoding: 'view', valueEncoding: 'view' };
const LAST_KEY = new Uint8Array(64).fill(0xff);

/** Creates a store by random operations and a checkpoint of it in `directory`; returns its entries. */
export async function checkpointStore(path, directory, random) {
  /** @type {Store<Uint8Array, Uint8Array>} */
  const store = new Store(path, {
    ...VIEW,
    writeBufferSize: random.pick([64 * KIB, 1024 * KIB]),
    maxFileSize: 1024 * KIB,
    compression: random.next(2) === 0,
    shareTablesFromBytes: random.pick([0, 4 * KIB, 128 * KIB]),
  });
  await store.open();
  const snapshots = [];
  try {
    for (let left = 3 + random.next(30); left > 0; left -= 1) {
      await step(store, snapshots, random);
    }
    // At least two entries, with a span between them.
    await store.put(Buffer.from('first'), Buffer.from('1'));
    await store.put(Buffer.from('last'), Buffer.from('2'));
    await store.checkpoint(directory, { format: 'pebble' });
    const entries = await store.iterator().all();
    return entries.map(([key, value]) => ({ key, value }));
  } finally {
    for (const snapshot of snapshots) await snapshot.close();
    await store.close();
  }
}

async function step(store, snapshots, random) {
  const choice = random.next(20);
  if (choice < 9) {
    await store.batch(puts(random, random.next(random.pick([10, 300, 3000]))));
  } else if (choice < 12) {
    const keys = Array.from({ length: random.next(200) }, () => randomKey(random));
    await store.batch(keys.map((key) => ({ type: 'del', key })));
  } else if (choice < 14) {
    await store.excise([randomSpan(random)]);
  } else if (choice < 16) {
    await replace(store, random);
  } else if (choice < 17) {
    const { start, end } = randomSpan(random);
    await store.compactRange(start, end);
  } else if (choice < 18) {
    await store.compactRange(new Uint8Array(0), LAST_KEY);
  } else {
    snapshots.push(store.snapshot());
  }
}

function puts(random, count) {
  return Array.from({ length: count }, () => ({
    type: 'put',
    key: randomKey(random),
    value: randomValue(random),
  }));
}

function randomSpan(random) {
  for (;;) {
    const [start, end] = [randomKey(random), randomKey(random)].sort(Buffer.compare);
    if (Buffer.compare(start, end) < 0) return { start, end };
  }
}

/** Replaces a span by random entries. */
async function replace(store, random) {
  const span = randomSpan(random);
  const isInside = ({ key }) =>
    Buffer.compare(key, span.start) >= 0 && Buffer.compare(key, span.end) < 0;
  const entries = randomEntries(random, 2000).filter(isInside);
  async function* pages() {
    for (let from = 0; from < entries.length; from += 500) {
      yield entries.slice(from, from + 500).map(({ key, value }) => [key, value]);
    }
  }
  await store.replaceSpans([span], pages());
}
