import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ByteOperation, byteEncodings, type ReadWriteEngine } from '@sstitch/contract';
import { syncSpans } from '@sstitch/keys';
import { ClassicLevel } from 'classic-level';
import { afterEach } from 'vitest';
import { recordEntries } from '../src/record-entries.js';
import type { SyncRecord } from '../src/record-types.js';

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
  const level = openingEngine();
  await level.open();
  return level;
}

/** The same, opening: it opens by itself soon. */
export function openingEngine(): ClassicLevel<Uint8Array, Uint8Array> {
  const directory = mkdtempSync(join(tmpdir(), 'sstitch-records-'));
  const level = new ClassicLevel<Uint8Array, Uint8Array>(directory, {
    keyEncoding: 'view',
    valueEncoding: 'view',
  });
  opened.push({ level, directory });
  return level;
}

/** Replaces all of a sync in one atomic batch, as an engine's `replaceSpans` does. */
export async function replaceSync(
  engine: ReadWriteEngine,
  syncId: string,
  records: Iterable<SyncRecord>,
): Promise<void> {
  const operations: ByteOperation[] = [];
  for (const { span } of syncSpans(syncId)) {
    const iterator = engine.iterator({
      ...byteEncodings,
      gte: span.start,
      ...(span.end && { lt: span.end }),
    });
    for (let entry = await iterator.next(); entry; entry = await iterator.next()) {
      operations.push({ type: 'del', key: entry[0] });
    }
    await iterator.close();
  }
  for (const entry of recordEntries(syncId, records)) operations.push({ type: 'put', ...entry });
  await engine.batch(operations, byteEncodings);
}
