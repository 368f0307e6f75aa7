// Opens a store, prints the result ("open", or the code of the cause), and keeps the store open.
import { Store } from '../../dist/index.js';

const store = new Store(process.argv[2]);
store.open().then(
  () => process.send('open'),
  (error) => process.send(error.cause?.code ?? error.code),
);
setInterval(() => undefined, 1000);
