// Plain writes to a small disk that fills up. Writes that were acknowledged before, and after there is room
// again, survive a commit, a reopen and a kill. LevelDB alone loses what it acknowledges after a torn record.
//
// Needs the right to mount; without it the family is skipped.

import { execFile, execFileSync } from 'node:child_process';
import { mkdir, rm, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { byteEncodings } from '@sstitch/contract';
import { Store } from '@sstitch/engine';
import {
  cleanByExit,
  type FamilyOptions,
  type FamilyReport,
  FamilyTally,
  seededRandom,
  tortureDirectory,
} from '@sstitch/testkit/torture';

export interface FullDiskWritesOptions extends FamilyOptions {
  /** How often the disk is filled. @defaultValue 20 */
  readonly rounds?: number;
}

const DISK_BYTES = 16 * 1024 * 1024;
const SYNCED = { ...byteEncodings, sync: true } as const;
const UNRELATED = { start: Buffer.from('x'), end: Buffer.from('y') };
type ByteStore = Store<Uint8Array, Uint8Array>;

/** Runs the family, as the top of this file describes. */
export async function runFullDiskWritesFamily(
  options: FullDiskWritesOptions,
): Promise<FamilyReport> {
  const { seed, rounds = 20 } = options;
  const tally = new FamilyTally('full-disk-writes', options);
  const directory = tortureDirectory('disk', 'disk');
  const disk = join(directory.path, 'disk');
  await mkdir(disk);
  try {
    const size = `size=${DISK_BYTES}`;
    await promisify(execFile)('mount', ['-t', 'tmpfs', '-o', size, 'tmpfs', disk]);
  } catch (error) {
    directory.remove();
    return { ...tally.report(), skipped: `cannot mount a small disk: ${String(error)}` };
  }
  const unmount = cleanByExit(() => execFileSync('umount', ['-l', disk]));
  try {
    const random = seededRandom(seed);
    for (let round = 0; round < rounds; round++) {
      // A few pages, so that the failing write is torn somewhere.
      const freeBytes = 4096 * Math.floor(random() * 7);
      const commits = random() < 0.5;
      const replay = `seed ${seed}, round ${round}, ${freeBytes} bytes free${commits ? ', a commit' : ''}`;
      await tally.try(replay, () => fillAndWrite(disk, freeBytes, commits));
      await rm(join(disk, 'store'), { recursive: true, force: true });
      await rm(join(disk, 'filler'), { force: true });
    }
  } finally {
    unmount();
    directory.remove();
  }
  return tally.report();
}

async function fillAndWrite(disk: string, freeBytes: number, commits: boolean): Promise<void> {
  const path = join(disk, 'store');
  const filler = join(disk, 'filler');
  const acknowledged: string[] = [];
  let store: ByteStore = new Store(path, byteEncodings);
  const put = async (key: string, sizeBytes: number) => {
    await store.put(Buffer.from(key), Buffer.alloc(sizeBytes, key), SYNCED);
    acknowledged.push(key);
  };
  try {
    for (let index = 0; index < 5; index++) await put(`a-${index}`, 100);
    const { bavail, bsize } = await statfs(disk);
    await writeFile(filler, Buffer.alloc(Math.max(0, bavail * bsize - freeBytes)));
    const failed = await refusal(put('torn', 31_000));
    if (failed === undefined) throw new Error('the disk was not full');
    const refused = await refusal(put('refused', 10));
    if (!String(refused).includes('the disk is full')) {
      throw new Error('a write after a torn record is not refused with its cause', {
        cause: refused,
      });
    }
    await rm(filler);
    for (let index = 0; index < 5; index++) await put(`b-${index}`, 100);
    if (commits) await store.excise([UNRELATED]);
    await checkThere(store, acknowledged);
    await store.close();
    store = new Store(path, byteEncodings);
    await checkThere(store, acknowledged);
  } finally {
    await store.close();
  }
}

async function checkThere(store: ByteStore, keys: readonly string[]): Promise<void> {
  for (const key of keys) {
    const value = await store.get(Buffer.from(key), byteEncodings);
    if (value === undefined) throw new Error(`${key} was acknowledged, but is lost`);
  }
  const torn = await store.get(Buffer.from('torn'), byteEncodings);
  if (torn !== undefined) throw new Error('a failed write is present after the log was retired');
}

function refusal(write: Promise<void>): Promise<unknown> {
  return write.then(
    () => undefined,
    (error: unknown) => error,
  );
}
