import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { byteEncodings, type ReadableEngine } from '@sstitch/contract';
import { grantKey, parseSyncId } from '@sstitch/keys';
import { describe, expect, it } from 'vitest';
import {
  allBucketEntries,
  failureOf,
  openPlainLevel,
  openStore,
  syncIdOf,
  write,
} from '../test/stores.js';
import { compact } from './compact.js';
import { CompactorError } from './errors.js';

const [BEFORE, SYNC, AFTER] = [3, 5, 7].map(syncIdOf) as [string, string, string];
const GRANTS = 600;

/** Incompressible, so that blocks and files contain it literally. */
const secrets = Array.from({ length: GRANTS }, () => randomBytes(48));

/** Returns the files of a store that contain a secret. */
function leaks(directory: string): string[] {
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) return leaks(path);
    const bytes = readFileSync(path);
    return secrets.some((secret) => bytes.includes(secret)) ? [path] : [];
  });
}

const secretEntries = () =>
  secrets.map(
    (secret, index) => [grantKey(parseSyncId(SYNC), `s-${10_000 + index}`), secret] as const,
  );

/** Makes a base whose tables hold the sync's secrets between two other syncs. */
async function baseWithSecrets() {
  const base = await openStore();
  for (const syncId of [BEFORE, AFTER]) await write(base, allBucketEntries(syncId, 2000));
  await write(base, secretEntries());
  await base.compactRange('', '\uffff');
  return base;
}

/** Makes a source without tables. */
function withoutTables(source: ReadableEngine): ReadableEngine {
  return new Proxy(source, {
    get(target, name) {
      if (name === 'capabilities') return { tables: false, checkpoint: false };
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

describe('purge', () => {
  it.each([
    ['link', 'link', false],
    ['rebuild', 'rebuild', false],
    ['rebuild, of a source without tables', 'rebuild', true],
    ['auto', 'auto', false],
    ['auto, of a source without tables', 'auto', true],
  ] as const)('leaves nothing of the old sync, strategy %s', async (_, strategy, hidden) => {
    const base = await baseWithSecrets();
    const store = await openStore();
    await write(store, allBucketEntries(SYNC, 5, 2));
    expect(leaks(base.location)).not.toEqual([]);
    const source = hidden ? withoutTables(store) : store;
    const result = await compact({ base, source, syncIds: [SYNC], strategy, purge: true });
    expect(result.strategy).toBe(strategy === 'auto' ? (hidden ? 'rebuild' : 'link') : strategy);
    expect(result.purge).toEqual({ readers: 0, directories: [] });
    expect(leaks(base.location)).toEqual([]);
    const key = allBucketEntries(SYNC, 5, 2)[0]?.[0] ?? new Uint8Array(0);
    expect(await base.has(key, byteEncodings)).toBe(true);
  });

  it('is off by default: entries that a batch replaces stay in tables', async () => {
    const base = await baseWithSecrets();
    const source = await openStore();
    await write(source, allBucketEntries(SYNC, 5, 2));
    const { strategy, purge } = await compact({
      ...{ base, source, syncIds: [SYNC] },
      strategy: 'batch',
    });
    expect([strategy, purge]).toEqual(['batch', undefined]);
    expect(leaks(base.location)).not.toEqual([]);
  });

  it('refuses batches and other databases, which leave old versions', async () => {
    const base = await openStore();
    const source = await openStore();
    const syncIds = [SYNC];
    await write(source, allBucketEntries(SYNC, 5));
    const purge = true;
    const refused = await failureOf(compact({ base, source, syncIds, strategy: 'batch', purge }));
    expect(refused).toBeInstanceOf(CompactorError);
    expect(refused).toMatchObject({
      code: 'SSTITCH_COMPACT_INPUT',
      message: expect.stringMatching(/link or rebuild.*old versions/),
    });
    const plain = await openPlainLevel();
    for (const strategy of ['auto', 'link', 'rebuild'] as const) {
      const call = compact({ base: plain as never, source, syncIds, strategy, purge });
      expect(await failureOf(call)).toMatchObject({ code: 'SSTITCH_STRATEGY_UNAVAILABLE' });
    }
    const wrong = { base, source, syncIds, purge: 'yes' as unknown as boolean };
    expect(await failureOf(compact(wrong))).toMatchObject({ code: 'SSTITCH_COMPACT_INPUT' });
  });
});
