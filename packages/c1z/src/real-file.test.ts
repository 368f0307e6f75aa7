// A file that a connector wrote, with a compressed stream (test-data/README.md).
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type GrantRecord, SyncType } from '@sstitch/records';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openC1z } from './read-c1z.js';

const SYNC_ID = '36zfOAoWMxQdISbixanQCRBiX7E';
const PATH = fileURLToPath(new URL(`../test-data/sync-${SYNC_ID}.c1z`, import.meta.url));

let temporaryDirectory: string;
beforeEach(async () => {
  temporaryDirectory = await mkdtemp(join(tmpdir(), 'real-file-'));
});
afterEach(async () => {
  const left = readdirSync(temporaryDirectory);
  await rm(temporaryDirectory, { recursive: true });
  expect(left).toEqual([]);
});

async function all<T>(batches: AsyncIterable<T[]>): Promise<T[]> {
  const records: T[] = [];
  for await (const batch of batches) records.push(...batch);
  return records;
}

function countBy(grants: GrantRecord[], key: (grant: GrantRecord) => string | undefined) {
  const counts: Record<string, number> = {};
  for (const grant of grants) {
    const name = key(grant) ?? '';
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}

describe('the real file', () => {
  test('holds one unfinished full sync with the known records', async () => {
    await using file = await openC1z(PATH, { temporaryDirectory });
    const [sync, ...others] = file.syncs();
    expect(others).toEqual([]);
    expect(sync).toMatchObject({ syncId: SYNC_ID, type: SyncType.FULL });
    expect(sync?.endedAt).toBeUndefined();

    const types = await all(file.resourceTypes(SYNC_ID));
    expect(types.map((type) => type.externalId).sort()).toEqual([
      'group',
      'project',
      'role',
      'user',
    ]);
    const resources = await all(file.resources(SYNC_ID));
    expect(resources.length).toBe(1221);
    expect(resources.some((resource) => resource.parent !== undefined)).toBe(false);
    expect((await all(file.entitlements(SYNC_ID))).length).toBe(342);
    expect(await all(file.assets(SYNC_ID))).toEqual([]);

    const grants = await all(file.grants(SYNC_ID));
    expect(grants.length).toBe(2909);
    expect(new Set(grants.map((grant) => grant.externalId)).size).toBe(2909);
    expect(countBy(grants, (grant) => grant.principal?.resourceTypeId)).toEqual({
      user: 2500,
      group: 409,
    });
    const byEntitlement = countBy(grants, (grant) => grant.entitlement?.entitlementId);
    expect(byEntitlement['group:group-everyone:member']).toBe(1000);
    expect(countBy(grants, (grant) => grant.principal?.resourceId)['group-0000010']).toBe(111);
  });

  test('is refused with a flipped bit, or truncated, because its stream has a checksum', async () => {
    const bytes = readFileSync(PATH);
    const path = join(temporaryDirectory, '..', `turned-${process.pid}.c1z`);
    try {
      for (const offset of [2000, 100_000, bytes.length - 1]) {
        const turned = Uint8Array.from(bytes);
        turned[offset] = (turned[offset] ?? 0) ^ 0x10;
        writeFileSync(path, turned);
        await expect(openC1z(path, { temporaryDirectory })).rejects.toMatchObject({
          code: 'SSTITCH_C1Z_CORRUPT',
        });
      }
      writeFileSync(path, bytes.subarray(0, -3));
      await expect(openC1z(path, { temporaryDirectory })).rejects.toMatchObject({
        code: 'SSTITCH_C1Z_CORRUPT',
      });
    } finally {
      await rm(path);
    }
  });
});
