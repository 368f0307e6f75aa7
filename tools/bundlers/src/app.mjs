// The app that is bundled: opens a store at the path of its first argument, commits in worker threads, and
// prints the content of the store.
import { Store } from '@sstitch/engine';

const bytes = (text) => new TextEncoder().encode(text);
const store = new Store(process.argv[2]);
await store.batch([
  { type: 'put', key: 'a1', value: 'stays' },
  { type: 'put', key: 'b1', value: 'goes' },
]);
const pages = (async function* () {
  yield [[bytes('b2'), bytes('new')]];
})();
await store.replaceSpans([{ start: bytes('b'), end: bytes('c') }], pages);
console.log(JSON.stringify(await store.iterator().all()));
await store.close();
