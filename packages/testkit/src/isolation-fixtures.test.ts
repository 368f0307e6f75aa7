import { createHash } from 'node:crypto';
import { byteEncodings, compareBytes, type Engine } from '@sstitch/contract';
import { BUCKETS, parseKey, syncSpans } from '@sstitch/keys';
import { digestSync } from '@sstitch/records';
import { describe, expect, it } from 'vitest';
import { assertIsolated, assertSameSync, captureEngine, captureSync } from './capture.js';
import {
  FIXTURE_SYNCS,
  fixtureEntries,
  replaceFixtureSyncs,
  strayEntries,
  writeFixtureBase,
  writeFixtureSource,
} from './isolation-fixtures.js';
import { ModelEngine } from './model-engine.js';
import { openStore, temporaryDirectory } from './real-store.test-support.js';

const IDS = FIXTURE_SYNCS.map(({ syncId }) => syncId);

describe('the isolation fixtures', () => {
  it('fill all 13 buckets of every sync, with well-formed keys of that sync', () => {
    for (const { syncId, syncIdBytes } of FIXTURE_SYNCS) {
      const buckets = new Set<string>();
      for (const [key] of fixtureEntries(syncIdBytes, 1)) {
        const parsed = parseKey(key);
        expect(parsed.syncId).toBe(syncId);
        buckets.add(parsed.bucket);
      }
      expect(buckets.size).toBe(BUCKETS.length);
    }
  });

  it('have ids with touching bounds, and one whose end is the end of its bucket', () => {
    const bounds = FIXTURE_SYNCS.map(({ syncIdBytes }) => syncSpans(syncIdBytes)[0]?.span);
    const meeting = bounds.filter((span, at) => {
      const next = bounds[at + 1]?.start;
      return span?.end !== undefined && next !== undefined && compareBytes(span.end, next) === 0;
    });
    expect(meeting.length).toBeGreaterThan(3);
    expect(bounds.at(-1)?.end).toEqual(Uint8Array.of(3, 2));
    expect(strayEntries().length).toBeGreaterThan(100);
  });

  it('have versions between which every record bucket gains, loses, changes and keeps keys', () => {
    const id = FIXTURE_SYNCS[2]?.syncIdBytes;
    if (id === undefined) throw new Error('no such sync');
    const before = new Map(fixtureEntries(id, 1).map(([k, v]) => [hex(k), hex(v)]));
    const after = new Map(fixtureEntries(id, 2).map(([k, v]) => [hex(k), hex(v)]));
    for (const { bucket, kind } of BUCKETS) {
      if (kind === 'sync') continue;
      const own = (keys: Iterable<string>) =>
        [...keys].filter((key) => parseKey(Buffer.from(key, 'hex')).bucket === bucket);
      expect(own(before.keys()).some((key) => !after.has(key))).toBe(true);
      expect(own(after.keys()).some((key) => !before.has(key))).toBe(true);
      expect(own(before.keys()).some((key) => after.get(key) === before.get(key))).toBe(true);
      if (kind === 'index') continue;
      expect(
        own(before.keys()).some((key) => after.has(key) && after.get(key) !== before.get(key)),
      ).toBe(true);
    }
  });

  for (const [at, sync] of FIXTURE_SYNCS.entries()) {
    it(`on the model engine: replacing sync ${at} (${sync.what}) changes nothing else`, async () => {
      await replaceAndCheck(new ModelEngine(), [at]);
    });
  }

  it('on the store: replacing one, several or all syncs changes nothing else', async () => {
    const directory = temporaryDirectory();
    const store = await openStore(`${directory.path}/store`);
    try {
      await writeFixtureBase(store);
      for (const chosen of [
        [0],
        [3],
        [6],
        [7],
        [11],
        [0, 6, 11],
        [2, 3, 4],
        IDS.map((_, at) => at),
      ]) {
        await replaceAndCheck(store, chosen);
      }
    } finally {
      await store.close();
      directory.remove();
    }
  });
});

async function replaceAndCheck(engine: Engine, chosen: readonly number[]): Promise<void> {
  await writeFixtureBase(engine);
  const before = await captureEngine(engine, IDS);
  const replaced = FIXTURE_SYNCS.filter((_, at) => chosen.includes(at));
  await replaceFixtureSyncs(engine, replaced, 2);
  const after = await captureEngine(engine, IDS);
  assertIsolated(
    before,
    after,
    replaced.map(({ syncId }) => syncId),
  );
  const source = new ModelEngine();
  await writeFixtureSource(source, replaced, 2);
  for (const { syncId } of replaced) {
    assertSameSync(await captureSync(source, syncId), await captureSync(engine, syncId));
    expect(await digestSync(engine, syncId)).toEqual(await digestSync(source, syncId));
  }
}

describe('isolation checks', () => {
  const [first, second] = FIXTURE_SYNCS;
  if (first === undefined || second === undefined) throw new Error('too few syncs');

  it('name the sync, the bucket and the first key that differs', async () => {
    const engine = new ModelEngine();
    await writeFixtureBase(engine);
    const before = await captureEngine(engine, IDS);
    const key = fixtureEntries(second.syncIdBytes, 1).find(
      ([k]) => parseKey(k).bucket === 'grant',
    )?.[0];
    if (key === undefined) throw new Error('no grant');
    await engine.batch([{ type: 'del', key }], byteEncodings);
    const after = await captureEngine(engine, IDS);
    const message = `sync ${second.syncId}, bucket grant: key ${hex(key)} was removed`;
    expect(() => assertIsolated(before, after, [first.syncId])).toThrow(message);
    expect(() => assertIsolated(before, after, [second.syncId])).not.toThrow();
  });

  it('detect an added key, a changed value and a removed stray key', async () => {
    const engine = new ModelEngine();
    await writeFixtureBase(engine);
    const before = await captureEngine(engine, IDS);
    const changes = async (key: Uint8Array, value: Uint8Array | undefined, problem: string) => {
      const old = await engine.get(key, byteEncodings);
      const set = (to: Uint8Array | undefined) =>
        engine.batch([to ? { type: 'put', key, value: to } : { type: 'del', key }], byteEncodings);
      await set(value);
      const after = await captureEngine(engine, IDS);
      expect(() => assertIsolated(before, after, [])).toThrow(problem);
      await set(old);
    };
    const grant = syncSpans(first.syncId)[5]?.span.start ?? Uint8Array.of();
    await changes(Uint8Array.of(...grant, 0, 0x7a), Uint8Array.of(1), 'was added');
    const existing = fixtureEntries(first.syncIdBytes, 1)[0]?.[0] ?? Uint8Array.of();
    await changes(existing, Uint8Array.of(1), 'has another value');
    await changes(Uint8Array.of(4), undefined, 'outside every sync');
  });
});

describe('the digest of a sync', () => {
  it('is a SHA-256 over lengths, keys and values, bucket by bucket in the fixed order', async () => {
    const sync = FIXTURE_SYNCS[4];
    if (sync === undefined) throw new Error('no such sync');
    const engine = new ModelEngine();
    await writeFixtureBase(engine);
    const expected = createHash('sha256');
    let keys = 0;
    for (const { bucket } of BUCKETS) {
      for (const [key, value] of fixtureEntries(sync.syncIdBytes, 1)) {
        if (parseKey(key).bucket !== bucket) continue;
        keys += 1;
        for (const part of [key, value]) {
          const length = Buffer.alloc(4);
          length.writeUInt32LE(part.length);
          expected.update(length).update(part);
        }
      }
    }
    const digest = await digestSync(engine, sync.syncId);
    expect(digest.digest).toBe(expected.digest('hex'));
    expect(digest.keys).toBe(keys);
    expect(digest.buckets.map(({ bucket }) => bucket)).toEqual(BUCKETS.map(({ bucket }) => bucket));
    expect(digest.buckets.reduce((sum, bucket) => sum + bucket.keys, 0)).toBe(keys);
  });

  it('of a missing sync is that of no entries', async () => {
    const digest = await digestSync(new ModelEngine(), FIXTURE_SYNCS[0]?.syncId ?? '');
    expect(digest.keys).toBe(0);
    expect(digest.digest).toBe(createHash('sha256').digest('hex'));
  });
});

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
