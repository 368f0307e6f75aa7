// Opens a store, says how that went ("open", or the code of the cause), and holds it.
import { Store } from '../../dist/index.js';

const store = new Store(process.argv[2]);
store.open().then(
  () => process.send('open'),
  (error) => process.send(error.cause?.code ?? error.code),
);
setInterval(() => undefined, 1000);
