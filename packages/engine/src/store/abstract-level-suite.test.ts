// Runs abstract-level's own test suite against the store.
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ClassicLevel } from 'classic-level';
import tape from 'tape';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Store } from '../index.js';

interface SuiteOptions {
  readonly test: unknown;
  readonly factory: (options?: object) => unknown;
}

interface TapResult {
  readonly type: string;
  readonly ok?: boolean;
  readonly name?: string;
  readonly error?: unknown;
}

const suite = createRequire(import.meta.url)('abstract-level/test') as (o: SuiteOptions) => void;
let directory: string;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'sstitch-suite-'));
});

afterAll(() => {
  rmSync(directory, { recursive: true, force: true });
});

test("abstract-level's whole test suite passes against the store", async () => {
  let count = 0;
  const results = await runTape((harness) =>
    suite({
      test: harness,
      factory: (options) => new Store(join(directory, `${++count}`), options),
    }),
  );
  expect(results.filter(({ ok }) => ok === false)).toEqual([]);
  // The suite has thousands of assertions: a harness that ran none must not pass.
  expect(results.length).toBeGreaterThan(3000);
});

test('the store declares every capability that classic-level declares', async () => {
  const store = new Store(join(directory, 'capabilities'));
  const plain = new ClassicLevel(join(directory, 'plain'));
  expect(store.supports).toEqual(plain.supports);
  await Promise.all([store.close(), plain.close()]);
});

/** Runs tape tests in a harness of their own. Returns the results of all assertions. */
async function runTape(define: (harness: unknown) => void): Promise<TapResult[]> {
  const harness = tape.createHarness({ autoclose: true });
  const stream = harness.createStream({ objectMode: true });
  define(harness);
  const results: TapResult[] = [];
  stream.on('data', (row: TapResult) => {
    if (row.type === 'assert') results.push(row);
  });
  await new Promise((resolve, reject) => stream.on('end', resolve).on('error', reject));
  return results;
}
