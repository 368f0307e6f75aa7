// The process of a killed operation. It reports by synchronous writes to standard output, which survive a kill:
//
//   ready        the store is open and the operation begins
//   passed N     with `count`: the operation passed so many operations of the file port
//   done         the operation has resolved
import { writeSync } from 'node:fs';
import { Store } from '@sstitch/engine';
import { type FileSystem, nodeFileSystem } from '@sstitch/sst';
import { wrapFileSystem } from '@sstitch/sst/testing';
import { type ByteStore, ENCODINGS, storeOperations } from './store-operations.js';

export interface OperationOrders {
  /** Holds `base` and `source`. */
  readonly directory: string;
  readonly operation: string;
  /** Count the operations of the file port, or die before one of them; undefined to use worker threads as usual. */
  readonly at: 'count' | number | undefined;
}

/** Counts operations of the file port once it is started, and kills the process before one of them. */
class FilePort {
  readonly fileSystem: FileSystem = wrapFileSystem(nodeFileSystem, { before: () => this.#pass() });
  passed = 0;
  isCounting = false;
  readonly #last: number;

  constructor(last: number) {
    this.#last = last;
  }

  #pass(): void {
    if (!this.isCounting) return;
    if (this.passed === this.#last) process.kill(process.pid, 'SIGKILL');
    this.passed += 1;
  }
}

async function main({ directory, operation, at }: OperationOrders): Promise<void> {
  const chosen = storeOperations.find(({ name }) => name === operation);
  const port = new FilePort(typeof at === 'number' ? at : Number.POSITIVE_INFINITY);
  const store: ByteStore = new Store(`${directory}/base`, {
    ...ENCODINGS,
    createIfMissing: false,
    shareTablesFromBytes: 0,
    ...(at === undefined ? {} : { fileSystem: port.fileSystem }),
  });
  await store.open();
  writeSync(1, 'ready\n');
  port.isCounting = true;
  await chosen?.run(store, directory);
  port.isCounting = false;
  writeSync(1, `${at === 'count' ? `passed ${port.passed}\n` : ''}done\n`);
  await store.close();
}

const orders = process.argv[2];
if (orders !== undefined && process.argv[1]?.includes('operation-child')) {
  await main(JSON.parse(orders) as OperationOrders);
}
