import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ReadWriteEngine } from '@sstitch/contract';
import { ClassicLevel } from 'classic-level';
import { afterEach } from 'vitest';

type Opened = { readonly level: ClassicLevel<Uint8Array, Uint8Array>; readonly folder: string };

const opened: Opened[] = [];

afterEach(async () => {
  for (const { level, folder } of opened.splice(0)) {
    await level.close();
    rmSync(folder, { recursive: true, force: true });
  }
});

/** A fresh LevelDB in a folder of its own, gone when the test ends. */
export async function openEngine(): Promise<ReadWriteEngine> {
  const folder = mkdtempSync(join(tmpdir(), 'sstitch-records-'));
  const level = new ClassicLevel<Uint8Array, Uint8Array>(folder, {
    keyEncoding: 'view',
    valueEncoding: 'view',
  });
  opened.push({ level, folder });
  await level.open();
  return level;
}
