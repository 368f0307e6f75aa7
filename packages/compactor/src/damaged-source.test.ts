// Damage in an uncompressed block, which LevelDB reads as if it were data, must not be copied by strategies that read
// entries.
import { chmodSync, closeSync, openSync, readdirSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { openReadOnly, Store } from '@sstitch/engine';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  dumpAll,
  failureOf,
  grantEntries,
  syncIdOf,
  temporaryDirectory,
  write,
} from '../test/stores.js';
import { compact } from './compact.js';
import { SnapshotReader } from './span-reader.js';
import { rebuildSpans } from './strategies/rebuild.js';
import { rangesInKeyOrder } from './sync-ranges.js';

const SYNC = syncIdOf(3);

async function plainStore(location: string): Promise<Store> {
  const store = new Store(location, { compression: false });
  onTestFinished(() => store.close());
  await store.open();
  return store;
}

/** Makes a store of 200 grants in tables, with one flipped bit in a grant's value. */
async function damagedStore(revision: number): Promise<{ location: string; path: string }> {
  const location = join(await temporaryDirectory(), 'store');
  const store = await plainStore(location);
  await write(store, grantEntries(SYNC, 200, { revision }));
  await store.compactRange('', '\u{10ffff}');
  await store.close();
  const directory = join(location, readFileSync(join(location, 'CURRENT'), 'latin1').trim());
  for (const name of readdirSync(directory).filter((candidate) => candidate.endsWith('.ldb'))) {
    const path = join(directory, name);
    const contents = readFileSync(path);
    const at = contents.indexOf(`grant 100 of revision ${revision}`);
    if (at < 0) continue;
    chmodSync(path, 0o644);
    const file = openSync(path, 'r+');
    writeSync(file, Uint8Array.of((contents[at] as number) ^ 1), 0, 1, at);
    closeSync(file);
    return { location, path };
  }
  throw new Error('the value lies in no table');
}

/** Returns the messages of an error and its causes. */
function messagesOf(error: unknown): string {
  return error instanceof Error ? `${error.message}\n${messagesOf(error.cause)}` : '';
}

describe('a source with a damaged block', () => {
  it.each(['rebuild', 'batch', 'auto'] as const)('is refused by strategy %s', async (strategy) => {
    const { location, path } = await damagedStore(2);
    const source = await plainStore(location);
    const base = await plainStore(join(await temporaryDirectory(), 'base'));
    await write(base, grantEntries(SYNC, 20, { revision: 1 }));
    const before = await dumpAll(base);
    const failure = await failureOf(compact({ base, source, syncIds: [SYNC], strategy }));
    expect(messagesOf(failure)).toContain('checksum');
    // A rebuild finds it in extracted tables, which are links to the same file.
    if (strategy !== 'rebuild') expect(messagesOf(failure)).toContain(path);
    expect(await dumpAll(base)).toEqual(before);
  });

  it('is refused if its entries are read through LevelDB', async () => {
    const { location, path } = await damagedStore(2);
    const source = await openReadOnly(location);
    onTestFinished(() => source.close());
    const base = await plainStore(join(await temporaryDirectory(), 'base'));
    const view = new SnapshotReader(source, { signal: undefined });
    const failure = await failureOf(
      rebuildSpans({
        base,
        source: view,
        ranges: rangesInKeyOrder([SYNC]),
        purge: false,
        signal: undefined,
        onProgress: () => undefined,
      }),
    );
    await view.close();
    expect(messagesOf(failure)).toContain(path);
    expect(await dumpAll(base)).toEqual([]);
  });
});

describe('a base with a damaged block', () => {
  it('is refused by the strategy batch, which compares entries', async () => {
    const { location, path } = await damagedStore(1);
    const base = await plainStore(location);
    const source = await plainStore(join(await temporaryDirectory(), 'source'));
    await write(source, grantEntries(SYNC, 20, { revision: 2 }));
    const before = await dumpAll(base);
    const failure = await failureOf(compact({ base, source, syncIds: [SYNC], strategy: 'batch' }));
    expect(messagesOf(failure)).toContain(path);
    expect(await dumpAll(base)).toEqual(before);
    // A link drops the tables inside the sync's spans without reading them.
    await compact({ base, source, syncIds: [SYNC], strategy: 'link' });
    expect(await dumpAll(base)).toEqual(await dumpAll(source));
  });
});
