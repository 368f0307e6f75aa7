// Folders that go with the process, if nothing removed them before.
import { rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { C1zError, messageOf } from './errors.js';

const PREFIX = 'sstitch-c1z-';
const left = new Set<string>();

function removeLeft(): void {
  for (const folder of left) rmSync(folder, { recursive: true, force: true });
}

/**
 * Makes a folder that only this user can read.
 * @throws C1zError SSTITCH_FILE_OPERATION
 */
export async function makeTemporaryFolder(parent = tmpdir()): Promise<string> {
  try {
    const folder = await mkdtemp(join(parent, PREFIX));
    if (left.size === 0) process.once('exit', removeLeft);
    left.add(folder);
    return folder;
  } catch (cause) {
    throw new C1zError('SSTITCH_FILE_OPERATION', `no temporary folder: ${messageOf(cause)}`, {
      path: parent,
      cause,
    });
  }
}

export async function removeTemporaryFolder(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true, maxRetries: 3 });
  left.delete(folder);
  if (left.size === 0) process.off('exit', removeLeft);
}
