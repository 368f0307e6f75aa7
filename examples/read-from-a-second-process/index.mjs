// One process has the store open and writes. Another one reads a consistent state without disturbing the
// writer. (LevelDB itself allows only one process.)
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openReadOnly, Store } from '@sstitch/engine';

const directory = process.argv[2] ?? '.';
const location = join(directory, 'store');

if (process.argv[3] === 'read') await read();
else await own();

/** The second process reads twice; the owner writes in between. */
async function read() {
  const reader = await openReadOnly(location);
  console.log(`reader: ${await reader.get('greeting')}`);
  process.send?.('has read');
  await once(process, 'message');
  console.log(`reader, after the owner wrote: ${await reader.get('greeting')}`);
  await reader.close();

  const fresh = await openReadOnly(location);
  console.log(`a fresh reader: ${await fresh.get('greeting')}`);
  await fresh.close();
  process.disconnect?.();
}

/** The first process owns the store. */
async function own() {
  const store = new Store(location);
  await store.put('greeting', 'hello');

  const script = fileURLToPath(import.meta.url);
  const child = spawn(process.execPath, [script, directory, 'read'], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const exit = once(child, 'exit');
  await once(child, 'message');
  await store.put('greeting', 'hello again');
  child.send('has written');
  const [code] = await exit;
  if (code !== 0) throw new Error(`the reader failed with code ${code}`);
  await store.close();
}
