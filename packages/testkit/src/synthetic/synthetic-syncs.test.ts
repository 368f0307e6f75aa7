import { compareBytes } from '@sstitch/contract';
import { BUCKETS, parseKey } from '@sstitch/keys';
import { recordEntries } from '@sstitch/records';
import { describe, expect, it } from 'vitest';
import { TestkitError } from '../errors.js';
import {
  type SyntheticEntriesOptions,
  syntheticEntries,
  syntheticSync,
  syntheticSyncId,
} from './synthetic-syncs.js';

// Node's fast hex: these tests convert megabytes.
const toHex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

type Row = [key: string, value: string];

async function rows(options: SyntheticEntriesOptions): Promise<Row[]> {
  const all: Row[] = [];
  for await (const page of syntheticEntries(options)) {
    for (const [key, value] of page) all.push([toHex(key), toHex(value)]);
  }
  return all;
}

const byKey = (a: Row, b: Row): number => (a[0] < b[0] ? -1 : 1);

describe('a synthetic sync', () => {
  it.each([1, 2, 7, 30, 300, 3000])(
    'of %i grants has the same entries sorted, shuffled and encoded from its records',
    async (grants) => {
      for (const revision of [0, 1, 6]) {
        const options = { seed: 5, syncIndex: 2, revision, grants };
        const sorted = await rows(options);
        const shuffled = await rows({ ...options, order: 'shuffled' });
        const sync = syntheticSync(options);
        const viaRecords = [...sync.records()]
          .flatMap((batch) => recordEntries(sync.syncId, batch))
          .map(({ key, value }): Row => [toHex(key), toHex(value)]);
        expect(sorted).toEqual(shuffled.toSorted(byKey));
        expect(sorted).toEqual(viaRecords.toSorted(byKey));
        expect(sorted).not.toEqual(shuffled);
      }
    },
  );

  it('is in strictly ascending key order, with every key under its own id', async () => {
    const syncId = syntheticSyncId({ seed: 9 });
    let last: Uint8Array = new Uint8Array(0);
    for await (const page of syntheticEntries({ seed: 9, grants: 1000, pageEntries: 100 })) {
      expect(page.length).toBeLessThanOrEqual(100);
      for (const [key] of page) {
        expect(compareBytes(last, key)).toBeLessThan(0);
        expect(parseKey(key).syncId).toBe(syncId);
        last = key;
      }
    }
  });

  it('has entries in all 13 buckets and exactly the grants asked for', async () => {
    const counts = new Map<string, number>();
    for await (const page of syntheticEntries({ grants: 2909 })) {
      for (const [key] of page) {
        const { bucket } = parseKey(key);
        counts.set(bucket, (counts.get(bucket) ?? 0) + 1);
      }
    }
    expect([...counts.keys()].sort()).toEqual(BUCKETS.map(({ bucket }) => bucket).sort());
    expect(counts.get('grant')).toBe(2909);
    expect(counts.get('grant_by_entitlement')).toBe(2909);
    expect(counts.get('grant_by_principal')).toBe(2909);
    expect(counts.get('grant_by_principal_resource_type')).toBe(2909);
  });

  it('has statistics that agree with its records', () => {
    const totals = new Map<string, bigint>();
    for (const batch of syntheticSync({ grants: 500, revision: 3 }).records()) {
      for (const record of batch) {
        totals.set(record.$typeName, (totals.get(record.$typeName) ?? 0n) + 1n);
        if (record.$typeName !== 'c1.storage.v3.SyncStatsRecord') continue;
        expect(record.grants).toBe(500n);
        expect(record.grants).toBe(totals.get('c1.storage.v3.GrantRecord'));
        expect(record.resources).toBe(totals.get('c1.storage.v3.ResourceRecord'));
        expect(record.entitlements).toBe(totals.get('c1.storage.v3.EntitlementRecord'));
        expect(record.assets).toBe(totals.get('c1.storage.v3.AssetRecord'));
        expect(record.resourceTypes).toBe(totals.get('c1.storage.v3.ResourceTypeRecord'));
      }
    }
  });

  it('keeps about 85 of 100 grants in the next revision, changes 10 and replaces 5', async () => {
    for (const revision of [1, 4, 18]) {
      const grantsOf = async (at: number) =>
        new Map(
          (await rows({ grants: 5000, revision: at })).filter(([key]) => key.startsWith('0304')),
        );
      const [before, after] = [await grantsOf(revision), await grantsOf(revision + 1)];
      let equal = 0;
      let changed = 0;
      for (const [key, value] of before) {
        if (after.get(key) === value) equal += 1;
        else if (after.has(key)) changed += 1;
      }
      expect(after.size).toBe(5000);
      expect(equal / 5000).toBeGreaterThan(0.83);
      expect(equal / 5000).toBeLessThan(0.87);
      expect(changed / 5000).toBeGreaterThan(0.08);
      expect(changed / 5000).toBeLessThan(0.12);
      expect((5000 - equal - changed) / 5000).toBeGreaterThan(0.035);
    }
  });

  it('leaves stale entries in every bucket if a newer revision is only put over it', async () => {
    const stale = new Set<string>();
    for (let revision = 1; revision < 6; revision++) {
      const newer = new Set(
        (await rows({ grants: 1000, revision: revision + 1 })).map(([key]) => key),
      );
      for (const [key] of await rows({ grants: 1000, revision })) {
        if (!newer.has(key)) stale.add(parseKey(Buffer.from(key, 'hex')).bucket);
      }
    }
    const always = ['sync_run', 'sync_stats'];
    expect([...stale].sort()).toEqual(
      BUCKETS.map(({ bucket }) => bucket as string)
        .filter((bucket) => !always.includes(bucket))
        .sort(),
    );
  });

  it('has an id that depends only on seed and index, and values that depend on the seed', async () => {
    expect(syntheticSyncId({ seed: 1, syncIndex: 0 })).toBe(syntheticSync({ grants: 9 }).syncId);
    expect(syntheticSync({ grants: 9, revision: 7 }).syncId).toBe(
      syntheticSync({ grants: 8 }).syncId,
    );
    const ids = new Set<string>();
    for (let seed = 0; seed < 20; seed++) {
      for (let syncIndex = 0; syncIndex < 20; syncIndex++)
        ids.add(syntheticSyncId({ seed, syncIndex }));
    }
    expect(ids.size).toBe(400);
    expect(syntheticSyncId()).toMatchInlineSnapshot(`"36yqJNYLYtJ06kZtdmSQFABV6hu"`);
  });

  it('refuses invalid options', async () => {
    for (const options of [
      { grants: 0 },
      { grants: 1.5 },
      { grants: 10, seed: -1 },
      { grants: 10, revision: Number.NaN },
      { grants: 10, pageEntries: 0 },
    ]) {
      await expect(rows(options)).rejects.toThrow(TestkitError);
    }
  });

  it('stops when it is aborted', async () => {
    const signal = AbortSignal.abort();
    await expect(rows({ grants: 3000, signal })).rejects.toMatchObject({ code: 'SSTITCH_ABORTED' });
  });
});
