// The garbage that repeated compactions by batches leave in the base, and its removal.
import { join } from 'node:path';
import { Store } from '@sstitch/engine';
import { afterEach, describe, expect, it } from 'vitest';
import { compact } from '../src/compact.js';
import {
  allBucketEntries,
  dumpSync,
  openStore,
  syncIdOf,
  temporaryDirectory,
  write,
} from './stores.js';

const KIB = 1024;
const SYNCS = Array.from({ length: 6 }, (_, number) => syncIdOf(number));
const RECORDS = 40;
const ROUNDS = 60;

let base: Store | undefined;
afterEach(() => base?.close());

/** Opens a base with a small memtable, so that batches soon reach the tables. */
async function openBase(): Promise<Store> {
  base = new Store(join(await temporaryDirectory(), 'base'), { writeBufferSize: 64 * KIB });
  for (const syncId of SYNCS) {
    const source = await openStore();
    await write(source, allBucketEntries(syncId, RECORDS));
    // A link puts these tables below those of later batches.
    await compact({ base, source, syncIds: [syncId], strategy: 'link' });
    await source.close();
  }
  return base;
}

async function tableBytes(store: Store): Promise<number> {
  return (await store.metrics()).levels.reduce((sum, { bytes }) => sum + bytes, 0);
}

/** Compacts new versions of syncs into the base. Returns how often each strategy was picked. */
async function compactAgain(store: Store, syncIds: readonly string[]) {
  const picked = { batch: 0, link: 0, rebuild: 0 };
  let mostBytes = 0;
  for (let round = 1; round <= ROUNDS; round++) {
    const syncId = syncIds[round % syncIds.length] ?? '';
    const source = await openStore();
    await write(source, allBucketEntries(syncId, RECORDS, round));
    const { strategy } = await compact({ base: store, source, syncIds: [syncId] });
    picked[strategy]++;
    expect(await dumpSync(store, syncId)).toEqual(await dumpSync(source, syncId));
    mostBytes = Math.max(mostBytes, await tableBytes(store));
    await source.close();
  }
  return { picked, mostBytes };
}

describe('compactions by auto, again and again', () => {
  it.each([
    ['one sync', SYNCS.slice(0, 1)],
    ['all syncs in turn', SYNCS],
  ])('of %s keep the garbage bounded, as a link removes it', async (_, syncIds) => {
    const store = await openBase();
    const first = await tableBytes(store);
    const { picked, mostBytes } = await compactAgain(store, syncIds);
    expect(picked.batch).toBeGreaterThan(0);
    expect(picked.link).toBeGreaterThan(0);
    // 32 KiB of each sync, and the garbage of one more batch.
    expect(mostBytes).toBeLessThan(first + (syncIds.length + 1) * 32 * KIB);
  });
});
