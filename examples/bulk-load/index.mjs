// Load many sorted entries at once: tables are built in worker threads and linked in by one commit. No
// write-ahead log, no memtable, no compaction afterwards.
import { join } from 'node:path';
import { Store } from '@sstitch/engine';

const directory = process.argv[2] ?? '.';
const COUNT = 200_000;
const PAGE_ENTRIES = 1_000;

/** Entries in strictly ascending key order. A page saves a turn of the event loop for each entry. */
async function* pages() {
  for (let first = 0; first < COUNT; first += PAGE_ENTRIES) {
    const page = [];
    for (let number = first; number < first + PAGE_ENTRIES; number++) {
      const key = Buffer.from(`user/${String(number).padStart(8, '0')}`);
      page.push([key, Buffer.from(JSON.stringify({ number }))]);
    }
    yield page;
  }
}

const store = new Store(join(directory, 'store'));
await store.put('user/99999999', 'an entry from before: it lies in the span, and goes');
await store.put('version', '1');

const span = { start: Buffer.from('user/'), end: Buffer.from('user0') };
const { entries } = await store.replaceSpans([span], pages());

console.log(`${entries} entries loaded`);
console.log(`the last one: ${await store.get('user/00199999')}`);
console.log(`the one from before: ${await store.get('user/99999999')}`);
console.log(`outside the span: version ${await store.get('version')}`);

await store.close();
