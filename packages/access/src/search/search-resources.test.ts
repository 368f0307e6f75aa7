import { create } from '@bufbuild/protobuf';
import { ResourceRecordSchema } from '@sstitch/records';
import { ModelEngine } from '@sstitch/testkit';
import { beforeEach, describe, expect, it } from 'vitest';
import { SYNC, writeSync } from '../../test/access-records.js';
import { searchResources } from './search-resources.js';

let engine: ModelEngine;

beforeEach(async () => {
  engine = new ModelEngine();
  const names = [
    ['group', 'g1', 'Annex'],
    ['user', 'u1', 'Joanna Smith'],
    ['user', 'u2', 'Ann Ångström'],
    ['user', 'ann', 'Somebody'],
    ['user', 'u4', 'Bob'],
  ] as const;
  await writeSync(
    engine,
    names.map(([resourceTypeId, resourceId, displayName]) =>
      create(ResourceRecordSchema, { syncId: SYNC, resourceTypeId, resourceId, displayName }),
    ),
  );
});

async function found(text: string, options = {}): Promise<string[]> {
  const { resources } = await searchResources(engine, SYNC, text, options);
  return resources.map(({ resourceId }) => resourceId);
}

describe('searchResources', () => {
  it('finds any part of a name or an id in any case, first those that begin with the text', async () => {
    expect(await found('ann')).toEqual(['g1', 'ann', 'u2', 'u1']);
    expect(await found('ÅNG')).toEqual(['u2']);
    expect(await found('ann', { resourceTypeId: 'user' })).toEqual(['ann', 'u2', 'u1']);
    expect(await found('nothing')).toEqual([]);
  });

  it('stops at its limits, and continues from there', async () => {
    const first = await searchResources(engine, SYNC, 'ann', { limit: 2 });
    expect(first.resources.map(({ resourceId }) => resourceId)).toEqual(['g1', 'ann']);
    expect(await found('ann', { after: first.last })).toEqual(['u2', 'u1']);
    const scanned = await searchResources(engine, SYNC, 'bob', { maxScanned: 3 });
    expect(scanned).toMatchObject({ resources: [], last: { resourceId: 'u1' } });
    expect(await found('bob', { after: scanned.last })).toEqual(['u4']);
  });

  it('refuses invalid limits', async () => {
    await expect(found('a', { limit: 0 })).rejects.toMatchObject({
      code: 'SSTITCH_OPTION_INVALID',
    });
    await expect(found('a', { maxScanned: 1.5 })).rejects.toMatchObject({
      code: 'SSTITCH_OPTION_INVALID',
    });
  });
});
