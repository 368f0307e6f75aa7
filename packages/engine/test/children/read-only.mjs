// Opens a store read-only, prints "open", and answers each key with its value or the code of the error, until it is
// killed. With "rounds" it opens, reads the key "k0001" and closes that many times, and prints "done". It names its
// copies as the process `id` of the host `host` would, if these are given.
import { syncBuiltinESMExports } from 'node:module';
import os from 'node:os';

const [path, settings = '{}'] = process.argv.slice(2);
const { id, host, rounds } = JSON.parse(settings);
if (id !== undefined) Object.defineProperty(process, 'pid', { value: id });
if (host !== undefined) {
  os.hostname = () => host;
  syncBuiltinESMExports();
}
const { openReadOnly } = await import('../../dist/index.js');

if (rounds === undefined) {
  const reader = await openReadOnly(path);
  process.on('message', (key) => {
    reader.get(key).then(
      (value) => process.send({ value }),
      (error) => process.send({ error: `${error.code}: ${error.message}` }),
    );
  });
  process.send('open');
} else {
  try {
    for (let round = 0; round < rounds; round++) {
      const reader = await openReadOnly(path);
      const value = await reader.get('k0001');
      await reader.close();
      if (value !== 'v-1') throw new Error(`round ${round} read ${value}`);
    }
    process.send('done');
  } catch (error) {
    process.send(`${error.message}: ${error.cause?.message}`);
  }
  process.disconnect();
}
