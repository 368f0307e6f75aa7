// Drops all references to iterators and snapshots, collects garbage, and prints which generations remain.
import { readdirSync } from 'node:fs';
import { setImmediate as turn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Store } from '../../dist/index.js';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc');
const SPAN = { start: Buffer.from('b'), end: Buffer.from('c') };

const store = new Store(process.argv[2], { readerStacks: process.argv[3] === 'stacks' });
const forgotten = [];
store.on('forgotten', (reader) => forgotten.push(reader));
await store.batch([
  { type: 'put', key: 'a', value: '1' },
  { type: 'put', key: 'b', value: 'old' },
]);

/** Each reader keeps a generation of its own. Functions open them, so that no variable of this frame refers to them. */
const FORGETTING = [
  async () => void (await store.iterator().next()),
  async () => void (await store.keys().nextv(1)),
  async () => void store.values(),
  async () => void store.snapshot(),
  async () => {
    const snapshot = store.snapshot();
    store.iterator({ snapshot });
  },
  async () => {
    for await (const _ of abandoned()) break;
    // This generator never ends.
    await abandoned().next();
  },
];

async function* abandoned() {
  const iterator = store.iterator();
  for (;;) yield await iterator.next();
}

const kept = store.iterator();
await kept.next();
const keptSnapshot = store.snapshot();
for (const forget of FORGETTING) {
  await store.excise([SPAN]);
  await forget();
}
await store.excise([SPAN]);
// This read is running when the last reference to its iterator is dropped.
const reading = store.iterator().next();

const before = await store.metrics();
for (let round = 0; round < 1000; round++) {
  collectGarbage();
  await turn();
  if ((await store.metrics()).generations.length === 2) break;
}
const after = await store.metrics();
const report = {
  before: before.held,
  after: after.held,
  generations: after.generations,
  directories: readdirSync(process.argv[2]).filter((name) => name.startsWith('gen-')),
  forgotten,
  reading: await reading,
  // A reader that is still referenced shows its own state.
  kept: await kept.next(),
  snapshot: await store.get('b', { snapshot: keptSnapshot }),
};
await store.close();
process.send(report);
process.disconnect();
