// `prune` of more syncs than one commit holds, on a real PostgreSQL server.
import { create } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { byteEncodings } from '@sstitch/contract';
import { recordEntries, SyncRunRecordSchema, SyncType } from '@sstitch/records';
import { syntheticSyncId } from '@sstitch/testkit';
import { describe, expect, it } from 'vitest';
import { withStore } from '../src/stores/open-store.js';
import { sstitch, sstitchJson } from './in-process.js';
import { isPostgresMissing, postgresStores } from './postgres-stores.js';

const SYNCS = 2000;

describe.skipIf(isPostgresMissing)('prune of thousands of syncs on a cluster', () => {
  const { newAddress } = postgresStores();

  it('removes nothing, and says to prune in steps, which succeeds', async () => {
    const base = newAddress();
    await withStore(base, 'create', async (opened) => {
      const entries = Array.from({ length: SYNCS }, (_, syncIndex) => {
        const syncId = syntheticSyncId({ syncIndex });
        const at = timestampFromMs(syncIndex);
        const run = { syncId, type: SyncType.FULL, startedAt: at, endedAt: at };
        return recordEntries(syncId, [create(SyncRunRecordSchema, run)]);
      }).flat();
      await opened.batch(
        entries.map(({ key, value }) => ({ type: 'put', key, value })),
        byteEncodings,
      );
    });
    const refused = await sstitch(['prune', base, '--keep', '1', '--yes']);
    expect(refused).toMatchObject({
      exitCode: 1,
      stderr: expect.stringMatching(
        /: replace fewer spans at a time; prune in steps: first with a larger --keep or --younger-than, which removes fewer syncs\n$/,
      ),
    });
    expect(await sstitchJson<unknown[]>('syncs', base)).toHaveLength(SYNCS);
    for (const keep of [SYNCS / 2, 1]) {
      await sstitchJson('prune', base, '--keep', String(keep), '--yes');
      expect(await sstitchJson<unknown[]>('syncs', base)).toHaveLength(keep);
    }
  });
});
