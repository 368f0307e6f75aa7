import { create } from '@bufbuild/protobuf';
import { TimestampSchema } from '@bufbuild/protobuf/wkt';
import { parseSyncId } from '@sstitch/keys';
import {
  encodeRecord,
  GrantRecordSchema,
  primaryKey,
  ResourceRecordSchema,
  type SyncRecord,
} from '@sstitch/records';
import { ModelEngine } from '@sstitch/testkit';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  anyRecords,
  codeOf,
  type DiscoveredRecord,
  nameOf,
  OTHER,
  SYNC,
  writeSync,
} from '../../test/small-syncs.js';
import { changeLines } from './change-lines.js';
import { type DiffSyncsOptions, diffSyncs } from './diff-syncs.js';
import type { RecordChange } from './record-change.js';

async function changesOf(
  before: ModelEngine,
  after: ModelEngine,
  { to = SYNC, ...options }: DiffSyncsOptions & { readonly to?: string } = {},
): Promise<RecordChange[]> {
  const changes: RecordChange[] = [];
  const diff = diffSyncs({ engine: before, syncId: SYNC }, { engine: after, syncId: to }, options);
  for await (const change of diff) changes.push(change);
  return changes;
}

/** Returns a record's bytes without ignored fields. */
function bytesOf(record: DiscoveredRecord, ignoresTime: boolean): string {
  const { discoveredAt, ...rest } = record;
  const kept = { ...rest, syncId: '', ...(!ignoresTime && discoveredAt && { discoveredAt }) };
  return Buffer.from(encodeRecord(kept as SyncRecord)).toString('base64');
}

describe('diffSyncs', () => {
  test('finds what a comparison of all records finds, for any ids and times', async () => {
    await fc.assert(
      fc.asyncProperty(
        anyRecords,
        anyRecords,
        fc.constantFrom(SYNC, OTHER),
        fc.boolean(),
        async (old, present, to, ignoresTime) => {
          const [before, after] = [new ModelEngine(), new ModelEngine()];
          await writeSync(before, SYNC, old);
          await writeSync(after, to, present);
          const options = ignoresTime ? {} : { ignore: [] };
          const diff = diffSyncs(
            { engine: before, syncId: SYNC },
            { engine: after, syncId: to },
            options,
          );
          const found = new Map<string, string>();
          for await (const change of diff) {
            found.set(JSON.stringify([change.bucket, ...change.id]), change.kind);
          }
          const [left, right] = [byName(old), byName(present)];
          const expected = new Map<string, string>();
          for (const [name, record] of left) {
            const other = right.get(name);
            if (other === undefined) expected.set(name, 'removed');
            else if (bytesOf(record, ignoresTime) !== bytesOf(other, ignoresTime)) {
              expected.set(name, 'changed');
            }
          }
          for (const name of right.keys()) if (!left.has(name)) expected.set(name, 'added');
          expect([...found].sort()).toEqual([...expected].sort());
          const counts = Object.values(diff.counts);
          const sum = (of: 'added' | 'removed' | 'changed' | 'unchanged') =>
            counts.reduce((total, each) => total + each[of], 0);
          for (const kind of ['added', 'removed', 'changed'] as const) {
            expect(sum(kind)).toBe([...expected.values()].filter((each) => each === kind).length);
          }
          expect(sum('unchanged') + sum('changed') + sum('removed')).toBe(old.length);
        },
      ),
    );
  });

  test('names the fields of a changed record, and has it before and after', async () => {
    const [before, after] = [new ModelEngine(), new ModelEngine()];
    const ann = { resourceTypeId: 'user', resourceId: 'ann' };
    await writeSync(before, SYNC, [
      create(ResourceRecordSchema, { ...ann, displayName: 'Ann', profile: { age: 5 } }),
    ]);
    await writeSync(after, SYNC, [
      create(ResourceRecordSchema, { ...ann, displayName: 'Anna', profile: { age: 5, city: 'X' } }),
    ]);
    const [change] = await changesOf(before, after);
    expect(change).toMatchObject({ kind: 'changed', bucket: 'resource', id: ['user', 'ann'] });
    expect(change?.fields).toEqual(['display_name', 'profile']);
    expect(change?.before).toMatchObject({ displayName: 'Ann' });
    expect(change?.after).toMatchObject({ displayName: 'Anna' });
  });

  test('compares fields of a later version, also in a part of a record', async () => {
    const [before, after] = [new ModelEngine(), new ModelEngine()];
    const grantOf = (later: number) => {
      const grant = create(GrantRecordSchema, {
        ...{ syncId: SYNC, externalId: 'g' },
        principal: { resourceTypeId: 'user', resourceId: 'ann' },
        sources: { a: { isDirect: true } },
      });
      // A varint field with the number 99.
      const unknown = [{ no: 99, wireType: 0, data: Uint8Array.of(later) }];
      Object.assign(grant.principal as object, { $unknown: unknown });
      Object.assign(grant.sources['a'] as object, { $unknown: unknown });
      return grant;
    };
    await writeSync(before, SYNC, [grantOf(1)]);
    await writeSync(after, SYNC, [grantOf(2)]);
    expect(await changesOf(before, after)).toMatchObject([{ fields: ['principal', 'sources'] }]);
  });

  test('compares messages, not their encodings', async () => {
    const [before, after] = [new ModelEngine(), new ModelEngine()];
    const sources = { a: { isDirect: true }, b: { isDirect: false } };
    const grant = create(GrantRecordSchema, { syncId: SYNC, externalId: 'g', sources });
    await writeSync(before, SYNC, [grant]);
    // The entries of the map in the opposite order, and the external id last.
    const value = encodeRecord(grant);
    const turned = encodeRecord({ ...grant, sources: {} });
    const [a, b] = ['a', 'b'].map((key) =>
      encodeRecord({ ...grant, sources: { [key]: grant.sources[key] as never } }).subarray(
        turned.length,
      ),
    ) as [Uint8Array, Uint8Array];
    const other = Uint8Array.from([...turned.subarray(29), ...b, ...a, ...turned.subarray(0, 29)]);
    expect(other).toHaveLength(value.length);
    const key = primaryKey(parseSyncId(SYNC), grant);
    await after.batch([{ type: 'put', key, value: other }]);
    expect(await changesOf(before, after)).toEqual([]);
  });

  test('sees a field of a later version', async () => {
    const [before, after] = [new ModelEngine(), new ModelEngine()];
    const grant = create(GrantRecordSchema, { syncId: SYNC, externalId: 'g' });
    const key = primaryKey(parseSyncId(SYNC), grant);
    const value = encodeRecord(grant);
    await before.batch([{ type: 'put', key, value }]);
    await after.batch([{ type: 'put', key, value: Uint8Array.from([...value, 0xf8, 0x7f, 1]) }]);
    expect((await changesOf(before, after)).map(({ fields }) => fields)).toEqual([['unknown']]);
  });

  test('compares only the given buckets', async () => {
    const [before, after] = [new ModelEngine(), new ModelEngine()];
    await writeSync(after, SYNC, [
      create(GrantRecordSchema, { externalId: 'g' }),
      create(ResourceRecordSchema, { resourceTypeId: 'user', resourceId: 'ann' }),
    ]);
    const changes = await changesOf(before, after, { buckets: ['grant'] });
    expect(changes.map(({ bucket }) => bucket)).toEqual(['grant']);
  });

  test('reads one state of both syncs while they are written', async () => {
    const [before, after] = [new ModelEngine(), new ModelEngine()];
    await writeSync(after, SYNC, [create(GrantRecordSchema, { externalId: 'g' })]);
    const iteration = diffSyncs({ engine: before, syncId: SYNC }, { engine: after, syncId: SYNC })[
      Symbol.asyncIterator
    ]();
    const first = await iteration.next();
    await writeSync(before, SYNC, [create(GrantRecordSchema, { externalId: 'z' })]);
    expect(first.value?.id).toEqual(['g']);
    expect((await iteration.next()).done).toBe(true);
  });

  test('ends when the signal fires, with its reason', async () => {
    const engine = new ModelEngine();
    const reason = new Error('enough');
    const work = changesOf(engine, engine, { signal: AbortSignal.abort(reason) });
    await expect(work).rejects.toMatchObject({ name: 'AbortError', cause: reason });
    expect(
      await codeOf(async () => diffSyncs({ engine, syncId: 'no' }, { engine, syncId: SYNC })),
    ).toBe('SSTITCH_SYNC_ID_INVALID');
  });
});

test('changes become lines of JSON', async () => {
  const [before, after] = [new ModelEngine(), new ModelEngine()];
  const at = create(TimestampSchema, { seconds: 1n });
  await writeSync(before, SYNC, [
    create(GrantRecordSchema, { externalId: 'gone' }),
    create(ResourceRecordSchema, { resourceTypeId: 'user', resourceId: 'ann', discoveredAt: at }),
  ]);
  await writeSync(after, SYNC, [
    create(ResourceRecordSchema, { resourceTypeId: 'user', resourceId: 'ann', displayName: 'Ann' }),
  ]);
  const inputs = [before, after].map((engine) => ({ engine, syncId: SYNC })) as [never, never];
  const lines: string[] = [];
  for await (const line of changeLines(diffSyncs(...inputs))) lines.push(line);
  const ann = { sync_id: SYNC, resource_type_id: 'user', resource_id: 'ann' };
  expect(lines.map((line) => JSON.parse(line))).toEqual([
    {
      ...{ change: 'changed', type: 'resource', id: ['user', 'ann'], fields: ['display_name'] },
      before: { record: { ...ann, discovered_at: '1970-01-01T00:00:01Z' } },
      after: { record: { ...ann, display_name: 'Ann' } },
    },
    {
      ...{ change: 'removed', type: 'grant', id: ['gone'] },
      before: { record: { sync_id: SYNC, external_id: 'gone' } },
    },
  ]);
  expect(lines.every((line) => line.endsWith('}\n'))).toBe(true);
});

function byName(records: readonly DiscoveredRecord[]): Map<string, DiscoveredRecord> {
  return new Map(records.map((record) => [nameOf(record), record]));
}
