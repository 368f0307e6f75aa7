// Opens a store, puts an entry if its key is given, prints the result ("open", or the code of the cause), and keeps the
// store open.
import { Store } from '../../dist/index.js';

const [, , path, key] = process.argv;
const store = new Store(path);
const opening = async () => {
  await store.open();
  if (key !== undefined) await store.put(key, 'written by another process');
};
opening().then(
  () => process.send('open'),
  (error) => process.send(error.cause?.code ?? error.code),
);
setInterval(() => undefined, 1000);
