// What a victim does to plain LevelDB directories until it dies: it adopts them, one after another, over
// and over; one of them it has open and writes to meanwhile.

import { rmSync } from 'node:fs';
import { byteEncodings } from '@sstitch/contract';
import { adopt } from '@sstitch/engine';
import { ClassicLevel } from 'classic-level';
import { keepWriting } from './kill-compacting.js';
import { say } from './kill-words.js';
import { writtenBatch } from './kill-writes.js';
import type { VictimTools } from './victim-tools.js';

export interface AdoptOrders {
  readonly kind: 'adopt';
  /** Plain LevelDB directories. The first is written to. */
  readonly plainPaths: readonly string[];
  readonly firstWrite: number;
  /** Target T is made at this path with `-T` behind it, of plain directory T modulo their number. */
  readonly targetPath: string;
}

/** Small tables: even little data makes levels and compactions. */
export const PLAIN_OPTIONS = {
  keyEncoding: 'view',
  valueEncoding: 'view',
  writeBufferSize: 32 * 1024,
  maxFileSize: 32 * 1024,
  blockSize: 1024,
} as const;

/** Targets that are there at a time: each will be opened. */
const KEPT_TARGETS = 5;

export async function adoptUntilKilled(orders: AdoptOrders, tools: VictimTools): Promise<void> {
  const { fileSystem, rounds, ready } = tools;
  const { plainPaths, targetPath } = orders;
  const live = new ClassicLevel<Uint8Array, Uint8Array>(plainPaths[0] ?? '', PLAIN_OPTIONS);
  await live.open();
  ready();
  const writes = keepWriting(
    (index) => live.batch(writtenBatch(index), byteEncodings),
    orders.firstWrite,
  );
  for (let round = 0; round < rounds; round++) {
    say(`m ${round} ${writes.acknowledged()}`);
    const options = fileSystem === undefined ? {} : { fileSystem };
    await adopt(plainPaths[round % plainPaths.length] ?? '', `${targetPath}-${round}`, options);
    say(`M ${round} ${writes.begun()}`);
    if (round >= KEPT_TARGETS) {
      say(`x ${round - KEPT_TARGETS}`);
      rmSync(`${targetPath}-${round - KEPT_TARGETS}`, { recursive: true });
    }
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  await writes.stop();
  await live.close();
}
