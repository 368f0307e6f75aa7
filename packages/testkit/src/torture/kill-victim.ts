// The process that the kill family kills: it compacts, writes and makes checkpoints until it dies, and
// says on standard output, a file, what has been acknowledged. Each line is written before the next
// operation starts, by a synchronous write, so that the parent knows at least as much as was promised.
// "ready", once the stores are open, goes to standard error.
//
//   w N              the write of key N was acknowledged
//   b R              the compaction to revision R begins
//   c R              it was acknowledged
import { writeSync } from 'node:fs';
import { compact } from '@sstitch/compactor';
import { byteEncodings, Store } from '@sstitch/engine';

/** What the victim is told, as JSON in its first argument. */
export interface VictimOrders {
  readonly basePath: string;
  /** One source for each revision. */
  readonly sourcePaths: readonly string[];
  readonly syncIds: readonly string[];
  readonly firstWrite: number;
  readonly checkpointPath: string;
}

/** The key of write number `index`: outside every sync. */
export function writtenKey(index: number): Uint8Array {
  return Buffer.from(`written-${String(index).padStart(9, '0')}`);
}

export function writtenValue(index: number): Uint8Array {
  return Buffer.from(`value-${index}`.repeat(1 + (index % 7)));
}

function say(line: string): void {
  writeSync(1, `${line}\n`);
}

async function main(orders: VictimOrders): Promise<void> {
  const base = new Store(orders.basePath);
  const sources = orders.sourcePaths.map((path) => new Store(path));
  await Promise.all([base.open(), ...sources.map((source) => source.open())]);
  process.stderr.write('ready\n');
  const writing = (async () => {
    for (let index = orders.firstWrite; ; index++) {
      const put = { type: 'put', key: writtenKey(index), value: writtenValue(index) } as const;
      await base.batch([put], byteEncodings);
      say(`w ${index}`);
      // A breath, so that writes do not starve the compactions.
      if (index % 8 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    }
  })();
  const compacting = (async () => {
    for (let round = 0; ; round++) {
      const revision = round % sources.length;
      const source = sources[revision];
      if (source === undefined) throw new Error('no source');
      say(`b ${revision}`);
      await compact({
        base,
        source,
        syncIds: orders.syncIds,
        strategy: round % 3 === 2 ? 'rebuild' : 'link',
      });
      say(`c ${revision}`);
      if (round % 4 === 3) await base.checkpoint(`${orders.checkpointPath}-${round}`);
    }
  })();
  await Promise.all([writing, compacting]);
}

const orders = process.argv[2];
if (orders !== undefined && process.argv[1]?.includes('kill-victim')) {
  await main(JSON.parse(orders) as VictimOrders);
}
