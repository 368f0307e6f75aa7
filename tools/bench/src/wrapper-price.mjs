// Measures the cost of the store's wrapper: get, getSync, iteration and batch through the store and through
// plain classic-level, with the same data and work, in turn in one run. Prints medians and their ratio.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Store } from '@sstitch/engine';
import { ClassicLevel } from 'classic-level';
import { median } from './report.mjs';
import { reportTable } from './results.mjs';

const { values: flags } = parseArgs({
  options: {
    keys: { type: 'string', default: '100000' },
    rounds: { type: 'string', default: '15' },
    only: { type: 'string' },
  },
});
const keyCount = Number(flags.keys);
const rounds = Number(flags.rounds);
const directory = mkdtempSync(join(tmpdir(), 'sstitch-bench-'));
const level = { cacheSize: 8 << 20 };

/** Keys in a fixed, shuffled order. */
function keyAt(index) {
  return `key-${String((index * 7919) % keyCount).padStart(8, '0')}`;
}

const work = {
  async get(database) {
    for (let i = 0; i < 20_000; i++) await database.get(keyAt(i));
  },
  async getSync(database) {
    for (let i = 0; i < 50_000; i++) database.getSync(keyAt(i));
  },
  async iterate(database) {
    let count = 0;
    for await (const entry of database.iterator()) count += entry.length;
    if (count !== keyCount * 2) throw new Error(`iterated ${count / 2} of ${keyCount}`);
  },
  async 'iterate nextv'(database) {
    const iterator = database.iterator();
    let count = 0;
    for (;;) {
      const entries = await iterator.nextv(1000);
      if (entries.length === 0) break;
      count += entries.length;
    }
    await iterator.close();
    if (count !== keyCount) throw new Error(`iterated ${count} of ${keyCount}`);
  },
  async batch(database) {
    for (let i = 0; i < 100; i++) {
      const operations = [];
      for (let j = 0; j < 200; j++) {
        operations.push({ type: 'put', key: keyAt(i * 200 + j), value: `value-${j}` });
      }
      await database.batch(operations);
    }
  },
  async put(database) {
    for (let i = 0; i < 5000; i++) await database.put(keyAt(i), `value-${i}`);
  },
};

const plain = new ClassicLevel(join(directory, 'plain'), level);
const store = new Store(join(directory, 'store'), level);
try {
  for (const database of [plain, store]) {
    for (let start = 0; start < keyCount; start += 1000) {
      const operations = [];
      for (let i = start; i < Math.min(start + 1000, keyCount); i++) {
        operations.push({ type: 'put', key: keyAt(i), value: `value-${i}`.padEnd(100, '.') });
      }
      await database.batch(operations);
    }
    await database.compactRange('', '~');
  }
  const rows = [];
  for (const [name, run] of Object.entries(work)) {
    if (flags.only !== undefined && flags.only !== name) continue;
    const times = { plain: [], store: [] };
    for (let round = 0; round < rounds + 2; round++) {
      // Alternates which side goes first, because the second finds warmer caches.
      const order = round % 2 === 0 ? ['plain', 'store'] : ['store', 'plain'];
      for (const which of order) {
        const start = performance.now();
        await run(which === 'plain' ? plain : store);
        // The first two rounds warm up.
        if (round >= 2) times[which].push(performance.now() - start);
      }
    }
    const [a, b] = [median(times.plain), median(times.store)];
    rows.push([name, a.toFixed(1), b.toFixed(1), (a / b).toFixed(3)]);
  }
  const columns = ['work', 'classic-level ms', 'store ms', 'speed ratio'];
  reportTable('wrapper-price', { columns, rows });
} finally {
  await Promise.all([plain.close(), store.close()]);
  rmSync(directory, { recursive: true, force: true });
}
