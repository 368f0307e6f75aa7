import { create } from '@bufbuild/protobuf';
import {
  EntitlementRecordSchema,
  GrantRecordSchema,
  SyncReader,
  type SyncRecord,
  verifyIndexes,
} from '@sstitch/records';
import { ModelEngine } from '@sstitch/testkit';
import { describe, expect, it } from 'vitest';
import {
  grant,
  group,
  member,
  memberships,
  nested,
  SYNC,
  service,
  user,
  writeSync,
} from '../../test/access-records.js';
import { expandSync } from './expand-sync.js';

const NOW = new Date('2026-01-02T03:04:05Z');
const now = () => NOW;

async function engineOf(...records: SyncRecord[]): Promise<ModelEngine> {
  const engine = new ModelEngine();
  await writeSync(engine, records);
  return engine;
}

describe('expandSync', () => {
  it('derives a grant from membership in a group, as Baton writes it', async () => {
    const engine = await engineOf(
      ...[member('staff'), member('tools')],
      ...[nested('tools', 'staff'), grant('staff', user('ann'))],
    );
    expect(await expandSync(engine, SYNC, { now })).toEqual({
      principals: 2,
      created: 1,
      updated: 0,
      entitlements: 2,
      edges: 1,
      cycles: 0,
      skipped: { sourceMissing: 0, destinationMissing: 0, mismatched: 0, examples: [] },
    });
    expect(await new SyncReader(engine).getGrant(SYNC, 'tools:user:ann')).toEqual(
      create(GrantRecordSchema, {
        syncId: SYNC,
        externalId: 'tools:user:ann',
        entitlement: { ...group('tools'), entitlementId: 'tools' },
        principal: user('ann'),
        discoveredAt: { seconds: BigInt(NOW.getTime() / 1000) },
        annotations: [
          {
            typeUrl: 'type.googleapis.com/c1.connector.v2.GrantImmutable',
            value: new Uint8Array(0),
          },
        ],
        sources: { staff: { isDirect: true } },
      }),
    );
  });

  it('names the entitlements one step away as sources, and which of them are direct', async () => {
    const engine = await engineOf(
      ...[member('a'), member('b'), member('c')],
      ...[nested('b', 'a'), nested('c', 'b'), nested('c', 'a')],
      grant('a', user('ann')),
    );
    await expandSync(engine, SYNC);
    expect(await memberships(engine)).toMatchObject({
      'a ann': [],
      'b ann': ['a!'],
      'c ann': ['a!', 'b'],
    });
  });

  it('adds sources to an existing grant, itself as the direct one', async () => {
    const engine = await engineOf(
      ...[member('a'), member('b'), nested('b', 'a')],
      ...[grant('a', user('ann')), grant('b', user('ann'), { id: 'given by hand' })],
      grant('b', user('bob')),
    );
    expect(await expandSync(engine, SYNC)).toMatchObject({ created: 0, updated: 1 });
    expect(await memberships(engine)).toMatchObject({ 'b ann': ['a!', 'b!'], 'b bob': [] });
    const grants = new SyncReader(engine);
    expect((await grants.getGrant(SYNC, 'given by hand'))?.annotations).toEqual([]);
    expect(await grants.getGrant(SYNC, 'b:user:ann')).toBeUndefined();
  });

  it('passes only direct grants of the source over a shallow edge', async () => {
    const engine = await engineOf(
      ...[member('a'), member('b'), member('c')],
      ...[nested('b', 'a'), nested('c', 'b', { shallow: true })],
      ...[grant('a', user('ann')), grant('b', user('bob'))],
    );
    await expandSync(engine, SYNC);
    const found = await memberships(engine);
    expect(found).toMatchObject({ 'b ann': ['a!'], 'c bob': ['b!'] });
    expect(found).not.toHaveProperty('c ann');
  });

  it('passes only principals of the resource types that an edge names', async () => {
    const engine = await engineOf(
      ...[member('a'), member('b'), nested('b', 'a', { types: ['user'] })],
      ...[grant('a', user('ann')), grant('a', group('x'))],
    );
    await expandSync(engine, SYNC);
    const found = await memberships(engine);
    expect(found).toMatchObject({ 'b ann': ['a!'] });
    expect(found).not.toHaveProperty('b x');
  });

  it('passes what any of several grants passes', async () => {
    const again = (id: string, more: { shallow?: boolean; types?: string[] }) =>
      grant('c', group('b'), { id, from: ['b'], ...more });
    const engine = await engineOf(
      ...[member('a'), member('b'), member('c'), nested('b', 'a')],
      ...[again('1', { shallow: true, types: ['group'] }), again('2', { types: ['user'] })],
      ...[grant('a', user('ann')), grant('a', group('x')), grant('a', service('ci'))],
    );
    await expandSync(engine, SYNC);
    const found = await memberships(engine);
    // The edge is deep, because the second grant is not shallow; it passes the types that either grant names.
    expect(found).toMatchObject({ 'c ann': ['b'], 'c x': ['b'] });
    expect(found).not.toHaveProperty('c ci');
  });

  it('counts a source as direct if one of several grants is', async () => {
    const engine = await engineOf(
      ...[member('a'), member('b'), nested('b', 'a')],
      grant('a', user('ann'), { id: '1', sources: { other: true } }),
      grant('a', user('ann'), { id: '2' }),
      grant('a', user('ann'), { id: '3', sources: { other: true } }),
      grant('b', user('ann'), { sources: { a: false } }),
    );
    await expandSync(engine, SYNC);
    // The grant already had the source, but not as a direct one.
    expect(await memberships(engine)).toMatchObject({ 'b ann': ['a!'] });
  });

  it('merges the entitlements of a cycle, which pass nothing to each other', async () => {
    const engine = await engineOf(
      ...['a', 'b', 'c', 'd'].map(member),
      ...[nested('b', 'a'), nested('c', 'b'), nested('b', 'c'), nested('d', 'c')],
      ...[grant('a', user('ann')), grant('b', user('bob'))],
    );
    expect(await expandSync(engine, SYNC)).toMatchObject({ cycles: 1, edges: 2 });
    const found = await memberships(engine);
    expect(found).toMatchObject({
      'b ann': ['a!'],
      'c ann': ['a!'],
      'd ann': ['b', 'c'],
      'd bob': ['b!'],
    });
    expect(found).not.toHaveProperty('c bob');
  });

  it('keeps expansions and needs_expansion, and sets supports_diff in the run', async () => {
    const engine = await engineOf(
      ...[member('a'), member('b'), nested('b', 'a'), grant('a', user('ann'))],
    );
    const reader = new SyncReader(engine);
    const before = await reader.getGrant(SYNC, 'b:group:a');
    await expandSync(engine, SYNC);
    expect(await reader.getGrant(SYNC, 'b:group:a')).toEqual(before);
    expect(before).toMatchObject({ needsExpansion: true });
    expect(await reader.getSyncRun(SYNC)).toMatchObject({ supportsDiff: true });
  });

  it('keeps statistics and indexes exact', async () => {
    const engine = await engineOf(
      ...[member('a'), member('b'), nested('b', 'a'), grant('a', user('ann'))],
    );
    await expandSync(engine, SYNC);
    expect(await new SyncReader(engine).getSyncStats(SYNC)).toMatchObject({
      grants: 3n,
      grantsByEntitlementResourceType: { group: 3n },
    });
    for await (const problem of verifyIndexes(engine, SYNC)) expect.fail(JSON.stringify(problem));
  });

  it('changes nothing the second time', async () => {
    const engine = await engineOf(
      ...['a', 'b', 'c'].map(member),
      ...[nested('b', 'a'), nested('c', 'b'), nested('c', 'a', { shallow: true })],
      ...[grant('a', user('ann')), grant('c', user('ann'))],
    );
    await expandSync(engine, SYNC);
    const expanded = engine.state;
    expect(await expandSync(engine, SYNC)).toMatchObject({ created: 0, updated: 0 });
    expect([...engine.state.entries]).toEqual([...expanded.entries]);
  });

  it('names the parent of a principal if one of its grants does', async () => {
    const parent = { parentResourceTypeId: 'org', parentResourceId: 'acme' };
    const engine = await engineOf(...[member('a'), member('b'), nested('b', 'a')], {
      ...grant('a', user('ann')),
      principal: { ...grant('a', user('ann')).principal, ...parent },
    } as SyncRecord);
    await expandSync(engine, SYNC);
    expect(await new SyncReader(engine).getGrant(SYNC, 'b:user:ann')).toMatchObject({
      principal: { ...user('ann'), ...parent },
    });
  });

  it('skips entitlements without a record, and reports them', async () => {
    const engine = await engineOf(
      ...[member('a'), nested('gone', 'a'), nested('a', 'unknown'), grant('a', user('ann'))],
    );
    expect(await expandSync(engine, SYNC)).toMatchObject({
      created: 0,
      entitlements: 0,
      skipped: {
        sourceMissing: 1,
        destinationMissing: 1,
        examples: ['unknown', 'gone'],
      },
    });
  });

  it('refuses a grant that expands to the entitlement of another resource', async () => {
    const engine = await engineOf(
      ...[member('a'), member('b'), grant('b', group('c'), { from: ['a'] })],
    );
    const before = engine.state;
    await expect(expandSync(engine, SYNC)).rejects.toMatchObject({
      code: 'SSTITCH_EXPANSION_MISMATCHED',
      message:
        'grant "b:group:c" to "group:c" expands to "a", an entitlement of "group:a": ' +
        'correct the grant, or skip such expansions',
      grantId: 'b:group:c',
    });
    expect(engine.state).toBe(before);
    expect(await expandSync(engine, SYNC, { mismatches: 'skip' })).toMatchObject({
      skipped: { mismatched: 1, examples: ['a'] },
    });
  });

  it('refuses a derived grant whose id another grant has', async () => {
    const engine = await engineOf(
      ...[member('a'), member('b'), nested('b', 'a'), grant('a', user('ann'))],
      grant('a', user('bob'), { id: 'b:user:ann' }),
    );
    const before = await memberships(engine);
    await expect(expandSync(engine, SYNC)).rejects.toMatchObject({
      code: 'SSTITCH_GRANT_ID_TAKEN',
      grantId: 'b:user:ann',
    });
    expect(await memberships(engine)).toEqual(before);
  });

  it('refuses a missing sync, and an entitlement without a resource', async () => {
    await expect(expandSync(new ModelEngine(), SYNC)).rejects.toMatchObject({
      code: 'SSTITCH_SYNC_NOT_FOUND',
    });
    const engine = await engineOf(
      member('a'),
      create(EntitlementRecordSchema, { syncId: SYNC, externalId: 'b' }),
      nested('b', 'a'),
    );
    await expect(expandSync(engine, SYNC)).rejects.toMatchObject({
      code: 'SSTITCH_EXPANSION_INCOMPLETE',
      entitlementId: 'b',
    });
  });

  it('ends with an AbortError that keeps the reason of the signal', async () => {
    const engine = await engineOf(member('a'), member('b'), nested('b', 'a'));
    const reason = new Error('enough');
    const { code, cause, name } = await expandSync(engine, SYNC, {
      signal: AbortSignal.abort(reason),
    }).catch((error) => error);
    expect({ code, cause, name }).toEqual({
      code: 'SSTITCH_ABORTED',
      cause: reason,
      name: 'AbortError',
    });
  });
});
