// Loads many entries at once: worker threads build tables from them, and one commit links the tables. No
// write-ahead log, no memtable, no compaction afterwards.
import { join } from 'node:path';
import { prefixSpan, Store } from '@sstitch/engine';

const directory = process.argv[2] ?? '.';
const COUNT = 200_000;
const PAGE_ENTRIES = 1_000;

/** @type {Store<string, unknown>} */
const store = new Store(join(directory, 'store'), { valueEncoding: 'json' });
await store.put('user/99999999', 'an entry from before: it lies in the span, and goes');
await store.put('version', 1);

// The entries may be in any order: the loader sorts them in bounded memory.
const loader = store.tableLoader();
try {
  for (let first = COUNT - PAGE_ENTRIES; first >= 0; first -= PAGE_ENTRIES) {
    const page = [];
    for (let number = first; number < first + PAGE_ENTRIES; number++) {
      page.push([`user/${String(number).padStart(8, '0')}`, { number }]);
    }
    await loader.add(page);
  }
  const tables = await loader.finish([prefixSpan('user/')]);
  await store.ingestAndExcise(tables, { move: true });
  console.log(`${tables.entries} entries loaded`);
} finally {
  await loader.end();
}

console.log('the last one:', await store.get('user/00199999'));
console.log('the one from before:', await store.get('user/99999999'));
console.log('outside the span: version', await store.get('version'));

// Sorted entries need no loader.
const emails = store.sublevel('emails', { valueEncoding: 'utf8' });
/** @returns {AsyncGenerator<[key: string, value: string][]>} */
async function* pages() {
  yield [
    ['ann', 'ann@example.com'],
    ['bob', 'bob@example.com'],
  ];
}
const { entries } = await store.replaceSpans([prefixSpan(emails.prefix)], pages(), {
  sublevel: emails,
});
console.log(`${entries} e-mail addresses: ${(await emails.values().all()).join(', ')}`);

await store.close();
