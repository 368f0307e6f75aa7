// What compactions by batches leave in the base, again and again, and what takes it back.
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

/** Each commit by a batch soon reaches the tables. */
async function openBase(): Promise<Store> {
  base = new Store(join(await temporaryDirectory(), 'base'), { writeBufferSize: 64 * KIB });
  for (const syncId of SYNCS) {
    const source = await openStore();
    await write(source, allBucketEntries(syncId, RECORDS));
    // Below all that batches bring in.
    await compact({ base, source, syncIds: [syncId], strategy: 'link' });
    await source.close();
  }
  return base;
}

async function tableBytes(store: Store): Promise<number> {
  return (await store.metrics()).levels.reduce((sum, { bytes }) => sum + bytes, 0);
}

/** Compacts new versions of syncs into the base; gives how often each strategy was taken. */
async function compactAgain(store: Store, syncIds: readonly string[]) {
  const taken = { batch: 0, link: 0, rebuild: 0 };
  let mostBytes = 0;
  for (let round = 1; round <= ROUNDS; round++) {
    const syncId = syncIds[round % syncIds.length] ?? '';
    const source = await openStore();
    await write(source, allBucketEntries(syncId, RECORDS, round));
    const { strategy } = await compact({ base: store, source, syncIds: [syncId] });
    taken[strategy]++;
    expect(await dumpSync(store, syncId)).toEqual(await dumpSync(source, syncId));
    mostBytes = Math.max(mostBytes, await tableBytes(store));
    await source.close();
  }
  return { taken, mostBytes };
}

describe('compactions by auto, again and again', () => {
  it.each([
    ['one sync', SYNCS.slice(0, 1)],
    ['all syncs in turn', SYNCS],
  ])('of %s keep the garbage within a bound: a link takes it out', async (_, syncIds) => {
    const store = await openBase();
    const first = await tableBytes(store);
    const { taken, mostBytes } = await compactAgain(store, syncIds);
    expect(taken.batch).toBeGreaterThan(0);
    expect(taken.link).toBeGreaterThan(0);
    // 32 KiB of each, and what one more batch brings.
    expect(mostBytes).toBeLessThan(first + (syncIds.length + 1) * 32 * KIB);
  });
});
