// Fills a small tmpfs before a compaction, leaving a little more room each time. Whatever happens, the base
// must be old or new as a whole, and must work again once there is room (after a reopen, because LevelDB
// refuses writes after a failed flush of its memtable). In half of the rounds the base is also opened on the
// disk when it is full to the last byte, for which its reserve must suffice.
//
// Needs the right to mount; without it the family is skipped.

import { execFile, execFileSync } from 'node:child_process';
import { mkdir, rm, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { compact } from '@sstitch/compactor';
import { byteEncodings } from '@sstitch/contract';
import { Store } from '@sstitch/engine';
import { digestSync } from '@sstitch/records';
import { syntheticSyncId, writeSyntheticSync } from '@sstitch/testkit';
import {
  cleanByExit,
  type FamilyOptions,
  type FamilyReport,
  FamilyTally,
  seededRandom,
  tortureDirectory,
} from '@sstitch/testkit/torture';

export interface FullDiskOptions extends FamilyOptions {
  /** How often the disk is filled. @defaultValue 25 */
  readonly rounds?: number;
  /** The number of grants of the sync. @defaultValue 2000 */
  readonly grants?: number;
}

const DISK_BYTES = 64 * 1024 * 1024;
/** The most free space, more than a compaction of the default sync takes. */
const MAX_FREE_BYTES = 3 * 1024 * 1024;

const run = promisify(execFile);

/** Runs the family, as the top of this file describes. */
export async function runFullDiskFamily(options: FullDiskOptions): Promise<FamilyReport> {
  const { seed, rounds = 25, grants = 2000 } = options;
  const tally = new FamilyTally('full-disk', options);
  const directory = tortureDirectory('disk', 'disk');
  const disk = join(directory.path, 'disk');
  await mkdir(disk);
  try {
    await run('mount', ['-t', 'tmpfs', '-o', `size=${DISK_BYTES}`, 'tmpfs', disk]);
  } catch (error) {
    directory.remove();
    return { ...tally.report(), skipped: `cannot mount a small disk: ${String(error)}` };
  }
  const unmount = cleanByExit(() => execFileSync('umount', ['-l', disk]));
  try {
    const random = seededRandom(seed);
    const syncId = syntheticSyncId({});
    let base = new Store(join(disk, 'base'));
    const sources = [new Store(join(disk, 'source-0')), new Store(join(disk, 'source-1'))];
    const digests: string[] = [];
    for (const [revision, source] of sources.entries()) {
      await writeSyntheticSync(source, { grants, revision, shuffle: true });
      digests.push((await digestSync(source, syncId)).digest);
    }
    await writeSyntheticSync(base, { grants, revision: 0, shuffle: true });
    const other = await writeSyntheticSync(base, { grants, syncIndex: 1, shuffle: true });
    const otherDigest = (await digestSync(base, other.syncId)).digest;
    // Its log is larger than the reserve. The open flushes it.
    await base.close();
    base = new Store(join(disk, 'base'));
    await base.open();
    let held = 0;
    for (let round = 0; round < rounds; round++) {
      const freeBytes = Math.floor(random() * MAX_FREE_BYTES);
      await tally.try(`seed ${seed}, round ${round}, ${freeBytes} bytes free`, async () => {
        const filler = join(disk, 'filler');
        const next = 1 - held;
        const source = sources[next];
        if (source === undefined) throw new Error('no source');
        await fillDisk(disk, filler, freeBytes);
        const strategy = random() < 0.5 ? 'link' : 'rebuild';
        const failed = await compact({ base, source, syncIds: [syncId], strategy }).then(
          () => undefined,
          (error: unknown) => error,
        );
        if (random() < 0.5) {
          await base.close();
          await fillDisk(disk, join(disk, 'rest'), 0);
          base = new Store(join(disk, 'base'));
          await base.open();
          await base.close();
          await rm(join(disk, 'rest'));
          await rm(filler);
          base = new Store(join(disk, 'base'));
        } else {
          await rm(filler);
        }
        const { digest } = await digestSync(base, syncId);
        if (failed === undefined && digest !== digests[next])
          throw new Error('the compaction succeeded, but the sync is not new');
        if (failed !== undefined && digest !== digests[held]) {
          throw new Error(`the compaction failed (${String(failed)}), but the sync is not old`);
        }
        if ((await digestSync(base, other.syncId)).digest !== otherDigest) {
          throw new Error('another sync has changed');
        }
        if (failed !== undefined) {
          await base.close();
          base = new Store(join(disk, 'base'));
        }
        await base.batch(
          [{ type: 'put', key: Buffer.from('z'), value: Buffer.from('1') }],
          byteEncodings,
        );
        await compact({ base, source, syncIds: [syncId], strategy: 'link' });
        if ((await digestSync(base, syncId)).digest !== digests[next]) throw new Error('not new');
        held = next;
      });
    }
    await Promise.all([base, ...sources].map((store) => store.close()));
  } finally {
    unmount();
    directory.remove();
  }
  return tally.report();
}

async function fillDisk(disk: string, filler: string, freeBytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(disk);
  await writeFile(filler, Buffer.alloc(Math.max(0, bavail * bsize - freeBytes)));
}
