// Opens a store, makes it if there is none, puts an entry that survives a power cut and closes the store. Prints
// "acknowledged", or the code of the cause.
import { Store } from '../../dist/index.js';

const store = new Store(process.argv[2]);
try {
  await store.open();
  await store.put('theirs', 'acknowledged', { sync: true });
  await store.close();
  process.stdout.write('acknowledged');
} catch (error) {
  process.stdout.write(error.cause?.code ?? error.code);
}
