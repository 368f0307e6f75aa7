import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { syntheticSyncId } from '@sstitch/testkit';
import { beforeAll, describe, expect, it } from 'vitest';
import { digestsOf, sstitch, sstitchJson } from '../../../test/in-process.js';
import type { StoreSpace } from './measure-space.js';

const [FIRST, SECOND] = [0, 1].map((syncIndex) => syntheticSyncId({ syncIndex })) as [
  string,
  string,
];
const GRANTS = '2000';

let store: string;

beforeAll(async () => {
  const directory = mkdtempSync(join(tmpdir(), 'sstitch-cli-space-'));
  store = join(directory, 'store');
  const fresh = join(directory, 'fresh');
  await sstitchJson('generate', store, '--grants', GRANTS, '--syncs', '2');
  await sstitchJson('generate', fresh, '--grants', '300', '--revision', '9');
  // Alternates a small and a large sync: each batch deletes or shadows entries of the previous one.
  const large = join(directory, 'large');
  await sstitchJson('generate', large, '--grants', GRANTS, '--revision', '8');
  for (const source of [fresh, large, fresh, large, fresh]) {
    await sstitchJson(
      ...['compact', '--base', store, '--from', source, '--sync', FIRST, '--strategy', 'batch'],
    );
  }
  return () => rmSync(directory, { recursive: true, force: true });
});

describe('space', () => {
  it('shows what each sync takes in tables, and with --exact how much of it is garbage', async () => {
    const plain = await sstitchJson<StoreSpace>('space', store);
    expect(plain.syncs.map(({ syncId }) => syncId)).toEqual([FIRST, SECOND]);
    expect(plain.fileBytes).toBeGreaterThan(plain.dataBytes);
    const exact = await sstitchJson<StoreSpace>('space', store, '--exact');
    expect(exact).toMatchObject(plain);
    const [first, second] = exact.syncs;
    const { keys } = await sstitchJson<{ keys: number }>('digest', store, '--sync', FIRST);
    expect(first?.live?.entries).toBe(keys);
    expect(second).toMatchObject({ stored: second?.live, garbageBytes: 0 });
    expect(first?.garbageBytes).toBeGreaterThan((first?.tableBytes ?? 0) / 2);
  });

  it('removes the garbage with --reclaim, and changes no sync', async () => {
    const before = await digestsOf(store);
    const { after, freedBytes } = await sstitchJson<{ after: StoreSpace; freedBytes: number }>(
      ...['space', store, '--reclaim', '--exact'],
    );
    expect(freedBytes).toBeGreaterThan(0);
    for (const { stored, live, garbageBytes } of after.syncs) {
      expect(stored).toEqual(live);
      expect(garbageBytes).toBe(0);
    }
    expect(await digestsOf(store)).toEqual(before);
    expect((await sstitch(['verify', store])).exitCode).toBe(0);
    expect((await sstitch(['space', store, '--reclaim'])).stdout).toMatch(/^done: /m);
  });
});
