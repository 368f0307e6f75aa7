import type { Run } from '../../command-line/command-context.js';
import { addressOfStore, parseClusterDatabase } from '../../command-line/store-name.js';
import { connectTo } from '../../stores/cluster-connection.js';
import type { clusterStoresCommand } from './command.js';

export const run: Run<typeof clusterStoresCommand> = async ({ quiet }, { address }) => {
  const connection = await connectTo(parseClusterDatabase(address), false);
  try {
    const names = await connection.stores();
    const stores = names.map((store) => ({ store, address: addressOfStore(address, store) }));
    return {
      document: { address, stores },
      text:
        stores.length === 0 && !quiet
          ? 'no stores\n'
          : stores.map((store) => `${store.address}\n`).join(''),
    };
  } finally {
    await connection.close();
  }
};
