// Backs up a store during writes: a checkpoint is a separate store made of hard links.
import { join } from 'node:path';
import { Store } from '@sstitch/engine';

const directory = process.argv[2] ?? '.';
const store = new Store(join(directory, 'store'));
const keyOf = (number) => String(number).padStart(8, '0');

// A writer that numbers its entries and stops on request.
let written = 0;
let stopped = false;
async function write() {
  while (!stopped) {
    await store.put(keyOf(written), 'an entry');
    written += 1;
  }
}
const writing = write();
while (written < 1_000) await new Promise((resolve) => setImmediate(resolve));

const acknowledged = written;
await store.checkpoint(join(directory, 'backup'));

stopped = true;
await writing;
await store.close();

// The backup holds one state: everything that was acknowledged before the call, and no entry without all earlier ones.
const backup = new Store(join(directory, 'backup'), { createIfMissing: false });
const keys = await backup.keys().all();
console.log(`everything acknowledged before is there: ${keys.length >= acknowledged}`);
console.log(`no gap: ${keys.every((key, index) => key === keyOf(index))}`);
await backup.close();
