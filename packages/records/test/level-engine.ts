import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ByteOperation, byteEncodings, type ReadWriteEngine } from '@sstitch/contract';
import { syncSpans } from '@sstitch/keys';
import { ClassicLevel } from 'classic-level';
import { onTestFinished } from 'vitest';
import { recordEntries } from '../src/indexes/record-entries.js';
import type { SyncRecord } from '../src/record-types.js';

/** Opens a new LevelDB database that is removed after the test. */
export async function openEngine(): Promise<ReadWriteEngine> {
  const level = openingEngine();
  await level.open();
  return level;
}

/** The same while it is opening; it opens by itself. */
export function openingEngine(): ClassicLevel<Uint8Array, Uint8Array> {
  const directory = mkdtempSync(join(tmpdir(), 'sstitch-records-'));
  const level = new ClassicLevel<Uint8Array, Uint8Array>(directory, {
    keyEncoding: 'view',
    valueEncoding: 'view',
  });
  onTestFinished(async () => {
    await level.close();
    rmSync(directory, { recursive: true, force: true });
  });
  return level;
}

/** Replaces a sync in one atomic batch, with the effect of an engine's `replaceSpans`. */
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
