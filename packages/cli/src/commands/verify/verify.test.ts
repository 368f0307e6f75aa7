import {
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { byteEncodings } from '@sstitch/contract';
import { bucketSpan, grantKey, parseSyncId, toHex } from '@sstitch/keys';
import { syntheticSyncId } from '@sstitch/testkit';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { sstitch, sstitchJson, testDirectory } from '../../../test/in-process.js';
import { type ByteStore, withStore } from '../../stores/open-store.js';
import { scanSpan } from '../../stores/scan-span.js';

const SYNC = syntheticSyncId({});

let template: string;
let store: string;

beforeAll(async () => {
  template = mkdtempSync(join(tmpdir(), 'sstitch-cli-verify-'));
  await sstitchJson('generate', template, '--grants', '100', '--syncs', '2');
  return () => rmSync(template, { recursive: true, force: true });
});

beforeEach(() => {
  store = join(testDirectory(), 'store');
  cpSync(template, store, { recursive: true });
});

/** The tables of the current generation. */
function tables(): string[] {
  const directory = join(store, readFileSync(join(store, 'CURRENT'), 'latin1').trim());
  return readdirSync(directory)
    .filter((name) => name.endsWith('.ldb'))
    .map((name) => join(directory, name));
}

interface Report {
  readonly ok: boolean;
  readonly problems: readonly {
    readonly kind: string;
    readonly path?: string;
    readonly key?: string;
  }[];
}

async function verifyFails(): Promise<Report> {
  const { exitCode, stdout, stderr } = await sstitch(['verify', store, '--json']);
  expect(exitCode).toBe(4);
  expect(stderr).toMatch(/^sstitch: the check failed: /);
  const report = JSON.parse(stdout) as Report;
  expect(report.ok).toBe(false);
  return report;
}

describe('verify', () => {
  it('finds no problem in an undamaged store, and says what it checked', async () => {
    expect(await sstitchJson('verify', store)).toEqual({
      ok: true,
      tables: tables().length,
      keys: expect.any(Number),
      keysOfNoSync: 0,
      syncs: 2,
      isComplete: true,
      problemCount: 0,
      problems: [],
      notes: [],
    });
    expect(await sstitchJson('verify', store, '--sync', SYNC)).toMatchObject({
      ok: true,
      syncs: 1,
    });
    const absent = ['verify', store, '--sync', syntheticSyncId({ seed: 99 })];
    expect((await sstitch(absent)).exitCode).toBe(3);
  });

  it('names every damaged table, and opens none of them', async () => {
    const damaged = tables().slice(0, 2);
    for (const path of damaged) {
      const bytes = readFileSync(path);
      bytes.writeUInt8(bytes.readUInt8(10) ^ 0xff, 10);
      unlinkSync(path);
      writeFileSync(path, bytes);
    }
    const report = await verifyFails();
    expect(report.problems.map(({ kind, path }) => [kind, path])).toEqual(
      damaged.map((path) => ['table', path]),
    );
    expect((await sstitch(['verify', store])).stdout).toContain(
      'keys and indexes were not checked',
    );
  });

  it('reports a missing table', async () => {
    const [missing = ''] = tables();
    unlinkSync(missing);
    const { problems } = await verifyFails();
    expect(problems).toMatchObject([{ kind: 'table', path: missing }]);
  });

  it('reports a damaged MANIFEST', async () => {
    const directory = join(store, readFileSync(join(store, 'CURRENT'), 'latin1').trim());
    const manifest = readdirSync(directory).find((name) => name.startsWith('MANIFEST'));
    const path = join(directory, manifest ?? '');
    writeFileSync(path, 'nothing that was ever a MANIFEST');
    const { problems } = await verifyFails();
    expect(problems).toMatchObject([{ kind: 'manifest', path }]);
  });

  it('finds index entries without a record, records without an index entry, and malformed keys', async () => {
    const stray = new Uint8Array([3, 1, 2]);
    const { grant, entry } = await damageIndexes(stray);
    const { problems } = await verifyFails();
    const found = new Map(problems.map(({ kind, key }) => [kind, key]));
    expect([...found.keys()].sort()).toEqual([
      'malformed_key',
      'missing_index_entry',
      'stray_index_entry',
      // One grant was removed.
      'wrong_stats',
    ]);
    expect(found.get('malformed_key')).toBe(toHex(stray));
    expect(found.get('missing_index_entry')).toBe(entry);
    expect(problems.filter(({ kind }) => kind === 'stray_index_entry').length).toBeGreaterThan(0);
    expect(grant.length).toBeGreaterThan(0);
    const other = syntheticSyncId({ syncIndex: 1 });
    for (const ids of [
      [SYNC, other],
      [other, SYNC],
    ]) {
      const line = ['verify', store, ...ids.flatMap((syncId) => ['--sync', syncId])];
      expect((await sstitch(line)).exitCode).toBe(4);
    }
    expect((await sstitch(['verify', store, '--sync', other])).exitCode).toBe(0);
  });
});

/** Removes a grant but not its index entries, an index entry but not its grant, and adds a malformed key. */
async function damageIndexes(stray: Uint8Array): Promise<{ grant: string; entry: string }> {
  return withStore(store, 'refuse', async (opened) => {
    const [grant] = await firstKeys(opened, 'grant');
    const entries = await firstKeys(opened, 'grant_by_principal_resource_type');
    const ids = grant === undefined ? '' : toHex(grant);
    // An index entry of another grant than the removed one.
    const entry = entries.find((key) => !toHex(key).endsWith(ids.slice(-24)));
    if (grant === undefined || entry === undefined) throw new Error('there is no grant');
    expect(grant).not.toEqual(grantKey(parseSyncId(SYNC), ''));
    await opened.batch(
      [
        { type: 'del', key: grant },
        { type: 'del', key: entry },
        { type: 'put', key: stray, value: new Uint8Array(0) },
      ],
      byteEncodings,
    );
    return { grant: ids, entry: toHex(entry) };
  });
}

async function firstKeys(
  opened: ByteStore,
  bucket: 'grant' | 'grant_by_principal_resource_type',
): Promise<Uint8Array[]> {
  for await (const page of scanSpan(opened, bucketSpan(bucket, SYNC), { limit: 20 })) {
    return page.map(([key]) => new Uint8Array(key));
  }
  return [];
}
