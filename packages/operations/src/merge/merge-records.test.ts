import { create } from '@bufbuild/protobuf';
import { takeSnapshot } from '@sstitch/contract';
import { AssetRecordSchema } from '@sstitch/records';
import { ModelEngine } from '@sstitch/testkit';
import { expect, test } from 'vitest';
import { SYNC, writeSync } from '../../test/small-syncs.js';
import { mergeBucket } from './merge-records.js';

test('pages end after some records or bytes, so that large assets are not in memory together', async () => {
  const engine = new ModelEngine();
  const assets = Array.from({ length: 20 }, (_, at) =>
    create(AssetRecordSchema, {
      syncId: SYNC,
      externalId: `a${at}`,
      data: new Uint8Array(200_000),
    }),
  );
  await writeSync(engine, SYNC, assets);
  const view = { engine, snapshot: await takeSnapshot(engine), signal: undefined };
  const source = { view, syncId: SYNC, isDeletions: false, endedAt: undefined };
  const counts = { syncId: SYNC, taken: 0, overridden: 0, deleted: 0 };
  const sizes: number[] = [];
  for await (const { winners } of mergeBucket('asset', [source], [counts])) {
    sizes.push(winners.reduce((sum, { entry: [, value] }) => sum + value.length, 0));
  }
  expect(counts.taken).toBe(20);
  expect(Math.max(...sizes)).toBeLessThan(500_000);
});
