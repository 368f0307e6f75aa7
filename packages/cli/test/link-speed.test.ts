// The promise of the whole: replacing a sync by linking tables takes at most a tenth of what clearing
// and writing it costs on plain classic-level. Measured side by side, in one run, on the same data.
import { cpSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compact } from '@sstitch/compactor';
import { byteEncodings, Store } from '@sstitch/engine';
import { syncSpans } from '@sstitch/keys';
import { syntheticSyncId, writeSyntheticSync } from '@sstitch/testkit';
import { ClassicLevel } from 'classic-level';
import { expect, test } from 'vitest';
import { digestsOf } from './in-process.js';

const GRANTS = 100_000;
const SYNCS = 3;
const ROUNDS = 3;
const LEAST_RATIO = 10;

test(`with ${GRANTS} grants, link compaction takes at most a tenth of clear and batch`, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sstitch-speed-'));
  try {
    const base = join(folder, 'base');
    const source = join(folder, 'source');
    await fill(base, SYNCS, 1);
    await fill(source, 1, 2);
    const syncId = syntheticSyncId({});
    const linkMs: number[] = [];
    const loopMs: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      // Taking turns, so that a slow moment of the machine meets both.
      const linked = join(folder, `linked-${round}`);
      const looped = join(folder, `looped-${round}`);
      cpSync(base, linked, { recursive: true });
      cpSync(generationOf(base), looped, { recursive: true });
      linkMs.push(await link(linked, source, syncId));
      loopMs.push(await clearAndBatch(looped, source, syncId));
      const expected = (await digestsOf(source))[syncId];
      expect((await digestsOf(linked))[syncId]).toBe(expected);
      rmSync(linked, { recursive: true });
      rmSync(looped, { recursive: true });
    }
    const ratio = median(loopMs) / median(linkMs);
    console.log(
      `link compaction ${median(linkMs).toFixed(0)} ms, clear and batch ${median(loopMs).toFixed(0)} ms: ` +
        `${ratio.toFixed(1)} times (medians of ${ROUNDS}, ${GRANTS} grants in each of ${SYNCS} syncs)`,
    );
    expect(ratio).toBeGreaterThanOrEqual(LEAST_RATIO);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}, 600_000);

/** As a connector fills a store: record by record, in an order that has nothing to do with the keys. */
async function fill(path: string, syncs: number, revision: number): Promise<void> {
  const store = new Store(path);
  try {
    for (let syncIndex = 0; syncIndex < syncs; syncIndex++) {
      await writeSyntheticSync(store, { grants: GRANTS, syncIndex, revision, shuffle: true });
    }
    // Both contenders start from a settled tree.
    await store.compactRange('\u0000', '\u{10ffff}');
  } finally {
    await store.close();
  }
}

function generationOf(store: string): string {
  const name = readdirSync(store).find((candidate) => candidate.startsWith('gen-'));
  return join(store, name ?? '');
}

async function link(basePath: string, sourcePath: string, syncId: string): Promise<number> {
  const base = new Store(basePath);
  const source = new Store(sourcePath);
  await Promise.all([base.open(), source.open()]);
  try {
    const start = performance.now();
    await compact({ base, source, syncIds: [syncId], strategy: 'link' });
    return performance.now() - start;
  } finally {
    await Promise.all([base.close(), source.close()]);
  }
}

/** What a user of classic-level writes today. */
async function clearAndBatch(path: string, sourcePath: string, syncId: string): Promise<number> {
  const base = new ClassicLevel(path);
  const source = new Store(sourcePath);
  await Promise.all([base.open(), source.open()]);
  try {
    const start = performance.now();
    for (const { span } of syncSpans(syncId)) {
      const range = {
        ...byteEncodings,
        gte: span.start,
        ...(span.end === undefined ? {} : { lt: span.end }),
      };
      await base.clear(range);
      const iterator = source.iterator<Uint8Array, Uint8Array>(range);
      for (;;) {
        const entries = await iterator.nextv(1000);
        if (entries.length === 0) break;
        await base.batch(
          entries.map(([key, value]) => ({ type: 'put' as const, key, value })),
          byteEncodings,
        );
      }
      await iterator.close();
    }
    return performance.now() - start;
  } finally {
    await Promise.all([base.close(), source.close()]);
  }
}

function median(numbers: readonly number[]): number {
  return [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN;
}
