// The work of a victim on plain LevelDB directories: it adopts them one after another, repeatedly, until it is
// killed. It has one of them open and writes to it meanwhile.

import { rmSync } from 'node:fs';
import { byteEncodings } from '@sstitch/contract';
import { adopt } from '@sstitch/engine';
import { ClassicLevel } from 'classic-level';
import { keepWriting } from './kill-compacting.js';
import { writtenBatch } from './kill-writes.js';
import { report } from './victim-report.js';
import type { VictimTools } from './victim-tools.js';

export interface AdoptOrders {
  readonly kind: 'adopt';
  /** Plain LevelDB directories. The victim writes to the first. */
  readonly plainPaths: readonly string[];
  readonly firstWrite: number;
  /** Target T is created at this path followed by `-T`, from plain directory T modulo their number. */
  readonly targetPath: string;
}

/** Small tables, so that even little data fills levels and causes compactions. */
export const PLAIN_OPTIONS = {
  keyEncoding: 'view',
  valueEncoding: 'view',
  writeBufferSize: 32 * 1024,
  maxFileSize: 32 * 1024,
  blockSize: 1024,
} as const;

/** How many targets exist at a time; the check opens each. */
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
    report(`m ${round} ${writes.acknowledged()}`);
    const options = fileSystem === undefined ? {} : { fileSystem };
    await adopt(plainPaths[round % plainPaths.length] ?? '', `${targetPath}-${round}`, options);
    report(`M ${round} ${writes.begun()}`);
    if (round >= KEPT_TARGETS) {
      report(`x ${round - KEPT_TARGETS}`);
      rmSync(`${targetPath}-${round - KEPT_TARGETS}`, { recursive: true });
    }
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  await writes.stop();
  await live.close();
}
