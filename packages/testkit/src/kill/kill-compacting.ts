// What a victim does to a store until it dies: compactions by each strategy, writes beside them, and
// checkpoints beside the writes.

import { compact } from '@sstitch/compactor';
import { byteEncodings } from '@sstitch/contract';
import { Store } from '@sstitch/engine';
import { say } from './kill-words.js';
import { writtenBatch } from './kill-writes.js';
import type { VictimTools } from './victim-tools.js';

export interface CompactOrders {
  readonly kind: 'compact';
  readonly basePath: string;
  /** One source for each revision. */
  readonly sourcePaths: readonly string[];
  readonly syncIds: readonly string[];
  readonly firstWrite: number;
  /** Checkpoint T is made at this path with `-T` behind it. */
  readonly checkpointPath: string;
}

const STRATEGIES = ['link', 'rebuild', 'link', 'batch'] as const;
/** So many rounds after a checkpoint comes the next. */
const CHECKPOINT_EVERY = 3;

/** Tables are split in place, however small they are. */
export const SMALL_CUTS = { shareTablesFromBytes: 0 };

/** Writes one after another until it is stopped; tells the numbers of the last ones. */
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
      say(`w ${acknowledged}`);
      // A breath, so that writes do not starve the rest.
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
    ...SMALL_CUTS,
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
    say(`b ${revision}`);
    await compact({ base, source, syncIds: orders.syncIds, strategy });
    say(`c ${revision}`);
    if (round % CHECKPOINT_EVERY === 1) {
      say(`m ${round} ${writes.acknowledged()}`);
      await base.checkpoint(`${orders.checkpointPath}-${round}`);
      say(`M ${round} ${writes.begun()}`);
    }
  }
  await writes.stop();
  await Promise.all([base, ...sources].map((store) => store.close()));
}
