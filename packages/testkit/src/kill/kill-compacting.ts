// The work of a victim on a store until it is killed: compactions with each strategy, concurrent writes, and
// checkpoints during the writes.

import { compact } from '@sstitch/compactor';
import { byteEncodings } from '@sstitch/contract';
import { Store } from '@sstitch/engine';
import { writtenBatch } from './kill-writes.js';
import { report } from './victim-report.js';
import type { VictimTools } from './victim-tools.js';

export interface CompactOrders {
  readonly kind: 'compact';
  readonly basePath: string;
  /** One source for each revision. */
  readonly sourcePaths: readonly string[];
  readonly syncIds: readonly string[];
  readonly firstWrite: number;
  /** Checkpoint T is created at this path followed by `-T`. */
  readonly checkpointPath: string;
}

const STRATEGIES = ['link', 'rebuild', 'link', 'batch'] as const;
/** How many rounds lie between two checkpoints. */
const CHECKPOINT_EVERY = 3;

/** Makes the parts of tables share their file, however small they are. */
export const SHARE_SMALL_PARTS = { shareTablesFromBytes: 0 };

/** Writes one batch after another until it is stopped; returns the numbers of the last writes. */
export function keepWriting(
  write: (index: number) => Promise<void>,
  first: number,
): { readonly begun: () => number; readonly acknowledged: () => number; stop(): Promise<void> } {
  let begun = first - 1;
  let acknowledged = first - 1;
  let isOver = false;
  const work = (async () => {
    while (!isOver) {
      begun++;
      await write(begun);
      acknowledged = begun;
      report(`w ${acknowledged}`);
      // Yields, so that writes do not starve the other work.
      if (begun % 8 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    }
  })();
  return {
    begun: () => begun,
    acknowledged: () => acknowledged,
    stop: () => {
      isOver = true;
      return work;
    },
  };
}

export async function compactUntilKilled(orders: CompactOrders, tools: VictimTools): Promise<void> {
  const { fileSystem, rounds, ready } = tools;
  const base = new Store(orders.basePath, {
    ...SHARE_SMALL_PARTS,
    ...(fileSystem === undefined ? {} : { fileSystem }),
  });
  const sources = orders.sourcePaths.map((path) => new Store(path));
  await Promise.all([base.open(), ...sources.map((source) => source.open())]);
  ready();
  const writes = keepWriting(
    (index) => base.batch(writtenBatch(index), byteEncodings),
    orders.firstWrite,
  );
  for (let round = 0; round < rounds; round++) {
    const revision = round % sources.length;
    const source = sources[revision];
    if (source === undefined) throw new Error('no source');
    const strategy = STRATEGIES[round % STRATEGIES.length] ?? 'link';
    report(`b ${revision}`);
    await compact({ base, source, syncIds: orders.syncIds, strategy });
    report(`c ${revision}`);
    if (round % CHECKPOINT_EVERY === 1) {
      report(`m ${round} ${writes.acknowledged()}`);
      await base.checkpoint(`${orders.checkpointPath}-${round}`);
      report(`M ${round} ${writes.begun()}`);
    }
  }
  await writes.stop();
  await Promise.all([base, ...sources].map((store) => store.close()));
}
