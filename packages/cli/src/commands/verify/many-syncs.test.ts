// A store of more syncs than the check keeps in memory.
import { join } from 'node:path';
import { create } from '@bufbuild/protobuf';
import { byteEncodings } from '@sstitch/contract';
import { bucketLayout, createSyncId, formatSyncId } from '@sstitch/keys';
import { GrantRecordSchema, recordEntries, SyncRunRecordSchema } from '@sstitch/records';
import { expect, it } from 'vitest';
import { testDirectory } from '../../../test/in-process.js';
import { ended, startMain } from '../../../test/process.js';
import { type ByteStore, withStore } from '../../stores/open-store.js';

const SYNCS = 20_000;
/** The heap of a process that keeps some 10 KB of each sync is larger. */
const MAX_HEAP_MB = 100;
const SYNC_IDS = Array.from({ length: SYNCS }, (_, at) => {
  const payload = new Uint8Array(16);
  new DataView(payload.buffer).setUint32(0, at);
  return formatSyncId(createSyncId(new Date('2026-01-01'), payload));
});
/** Each lacks the entries of an index. */
const FAULTY = [SYNC_IDS[0], SYNC_IDS[SYNCS / 2], SYNC_IDS[SYNCS - 1]] as string[];

async function putSyncs(opened: ByteStore, syncIds: readonly string[]): Promise<void> {
  const resource = { resourceTypeId: 'user', resourceId: 'ann' };
  const entries = syncIds.flatMap((syncId) => {
    const all = recordEntries(syncId, [
      create(SyncRunRecordSchema, { syncId }),
      create(GrantRecordSchema, {
        ...{ syncId, externalId: 'grant', principal: resource },
        entitlement: { ...resource, entitlementId: 'member' },
      }),
    ]);
    const { prefix } = bucketLayout('grant_by_principal');
    const isKept = ({ key }: { readonly key: Uint8Array }) =>
      !prefix.every((byte, at) => key[at] === byte);
    return FAULTY.includes(syncId) ? all.filter(isKept) : all;
  });
  await opened.batch(
    entries.map(({ key, value }) => ({ type: 'put', key, value })),
    byteEncodings,
  );
}

it('is verified whole, with memory that does not grow with the number of syncs', async () => {
  const store = join(testDirectory(), 'store');
  await withStore(store, 'create', async (opened) => {
    for (let at = 0; at < SYNCS; at += 1000) await putSyncs(opened, SYNC_IDS.slice(at, at + 1000));
  });
  const env = { NODE_OPTIONS: `--max-old-space-size=${MAX_HEAP_MB}` };
  const { exitCode, stdout } = await ended(startMain(['verify', store, '--json'], { env }));
  expect(exitCode).toBe(4);
  expect(JSON.parse(stdout)).toMatchObject({
    ...{ isComplete: true, syncs: SYNCS, keys: 5 * SYNCS - FAULTY.length, problemCount: 3 },
    problems: FAULTY.map((syncId) => ({
      ...{ kind: 'missing_index_entry', syncId, bucket: 'grant_by_principal' },
    })),
  });
});
