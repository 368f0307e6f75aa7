import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ReadWriteEngine } from '@sstitch/contract';
import { ClassicLevel } from 'classic-level';
import { afterEach } from 'vitest';

type Opened = { readonly level: ClassicLevel<Uint8Array, Uint8Array>; readonly directory: string };

const opened: Opened[] = [];

afterEach(async () => {
  for (const { level, directory } of opened.splice(0)) {
    await level.close();
    rmSync(directory, { recursive: true, force: true });
  }
});

/** A fresh LevelDB in a directory of its own, gone when the test ends. */
export async function openEngine(): Promise<ReadWriteEngine> {
  const directory = mkdtempSync(join(tmpdir(), 'sstitch-records-'));
  const level = new ClassicLevel<Uint8Array, Uint8Array>(directory, {
    keyEncoding: 'view',
    valueEncoding: 'view',
  });
  opened.push({ level, directory });
  await level.open();
  return level;
}
