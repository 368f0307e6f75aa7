// A Level database holds documents and an index of their words. The example rebuilds the index and swaps it in
// one commit: a search sees the old index or the new one, never a mix.
import { join } from 'node:path';
import { adopt, prefixSpan, Store } from '@sstitch/engine';
import { ClassicLevel } from 'classic-level';

const directory = process.argv[2] ?? '.';

// A plain Level database whose index splits words only at spaces.
const level = new ClassicLevel(join(directory, 'level'));
await level.batch([
  { type: 'put', key: 'document/1', value: 'Stitch, do not sew' },
  { type: 'put', key: 'document/2', value: 'sew a stitch' },
  { type: 'put', key: 'index/Stitch,/1', value: '' },
  { type: 'put', key: 'index/sew/1', value: '' },
  { type: 'put', key: 'index/sew/2', value: '' },
  { type: 'put', key: 'index/stitch/2', value: '' },
]);
await level.close();

// Adopting links the tables and does not change the Level database.
await adopt(join(directory, 'level'), join(directory, 'store'));
const store = new Store(join(directory, 'store'));
await store.open();

/** Finds the ids of the documents that contain a word. */
async function search(word, options = {}) {
  const range = { gte: `index/${word}/`, lt: `index/${word}0`, ...options };
  const keys = await store.keys(range).all();
  return keys.map((key) => key.split('/')[2]).join(', ');
}

/**
 * Yields the new index in key order, in pages: words in lower case, without punctuation.
 *
 * @returns {AsyncGenerator<[key: Buffer, value: Buffer][]>}
 */
async function* indexPages() {
  const keys = new Set();
  for await (const [key, text] of store.iterator({ gte: 'document/', lt: 'document0' })) {
    const words = text.toLowerCase().match(/\w+/g) ?? [];
    for (const word of words) keys.add(`index/${word}/${key.split('/')[1]}`);
  }
  const sorted = [...keys].map((key) => Buffer.from(key)).sort(Buffer.compare);
  yield sorted.map((key) => [key, Buffer.alloc(0)]);
}

const before = store.snapshot();
console.log(`"stitch" before: ${await search('stitch')}`);

// All keys of the index.
const span = prefixSpan('index/');
const { entries } = await store.replaceSpans([span], indexPages());

console.log(`the new index has ${entries} entries`);
console.log(`"stitch" after: ${await search('stitch')}`);
console.log(`a snapshot from before: ${await search('stitch', { snapshot: before })}`);

await before.close();
await store.close();
