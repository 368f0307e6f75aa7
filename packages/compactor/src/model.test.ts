// Compares compactions of random contents with a model of two maps.
import { type ByteOperation, byteEncodings } from '@sstitch/contract';
import { BUCKETS, buildKey, formatSyncId, parseKey, parseSyncId, syncIdBytes } from '@sstitch/keys';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { dumpAll, openStore } from '../test/stores.js';
import { compact } from './compact.js';
import { EmptySyncError } from './errors.js';

/** Adjacent ids, and ids whose upper bound carries into the next byte. */
const SYNC_IDS = ['00', '0001', '00ff', '01', 'fffe', 'ffff'].map((ends) => {
  const bytes = new Uint8Array(20).fill(Number.parseInt(ends.slice(0, 2), 16));
  bytes[19] = Number.parseInt(ends.slice(-2), 16);
  return formatSyncId(syncIdBytes(bytes));
});

const element = fc.constantFrom('', '\0', '\u0001', 'a', 'ab', 'b', '\u{10ffff}');

const key = fc
  .record({
    row: fc.constantFrom(...BUCKETS),
    syncId: fc.constantFrom(...SYNC_IDS),
    elements: fc.array(element, { minLength: 5, maxLength: 5 }),
  })
  .map(({ row, syncId, elements }) =>
    buildKey(row.bucket, parseSyncId(syncId), elements.slice(0, row.elements.length)),
  );

const operation: fc.Arbitrary<ByteOperation> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      type: fc.constant('put' as const),
      key,
      value: fc.uint8Array({ maxLength: 3 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('del' as const), key }) },
);

/** Batches, each with whether LevelDB compacts everything after it. */
const history = fc.array(
  fc.record({
    operations: fc.array(operation, { maxLength: 40 }),
    isCompacted: fc.boolean(),
  }),
  { maxLength: 3 },
);

it('leaves the base with the contents of the source inside the syncs and its own outside', async () => {
  const [base, source] = [await openStore(), await openStore()];
  const fill = async (
    store: typeof base,
    steps: typeof history extends fc.Arbitrary<infer T> ? T : never,
  ) => {
    await store.clear();
    for (const { operations, isCompacted } of steps) {
      await store.batch(operations, byteEncodings);
      if (!isCompacted) continue;
      await store.compactRange(Uint8Array.of(0), Uint8Array.of(0xff), { keyEncoding: 'view' });
    }
  };
  await fc.assert(
    fc.asyncProperty(
      history,
      history,
      fc.subarray(SYNC_IDS, { minLength: 1 }),
      fc.constantFrom('auto', 'link', 'rebuild', 'batch'),
      async (baseSteps, sourceSteps, syncIds, strategy) => {
        await fill(base, baseSteps);
        await fill(source, sourceSteps);
        const isReplaced = (line: string) => syncIds.includes(syncOf(line));
        const held = await dumpAll(base);
        const wanted = (await dumpAll(source)).filter(isReplaced);
        const expected = [...held.filter((line) => !isReplaced(line)), ...wanted].sort();
        const result = await compact({ base, source, syncIds, strategy }).catch((error) => {
          if (error instanceof EmptySyncError && error.result !== undefined) return error.result;
          throw error;
        });
        expect((await dumpAll(base)).toSorted()).toEqual(expected);
        const present = new Set(wanted.map(syncOf));
        expect(result.emptied).toEqual(syncIds.filter((syncId) => !present.has(syncId)));
        if (result.strategy !== 'link') expect(result.entries).toBe(wanted.length);
      },
    ),
    { numRuns: 40 },
  );
});

function syncOf(line: string): string {
  const hex = line.slice(0, line.indexOf(' '));
  const bytes = Uint8Array.from(hex.match(/../g) ?? [], (digits) => Number.parseInt(digits, 16));
  return parseKey(bytes).syncId;
}
