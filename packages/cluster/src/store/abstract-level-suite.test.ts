// Runs abstract-level's own test suite against the store.
import { createRequire } from 'node:module';
import tape from 'tape';
import { expect, test } from 'vitest';
import { MemoryCluster } from '../memory/memory-port.js';
import { ClusterStore } from './cluster-store.js';

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

test("abstract-level's whole test suite passes against the store", async () => {
  const cluster = new MemoryCluster();
  let count = 0;
  const results = await runTape((harness) =>
    suite({
      test: harness,
      factory: (options) => new ClusterStore(cluster.store(`store ${++count}`), options),
    }),
  );
  expect(results.filter(({ ok }) => ok === false)).toEqual([]);
  // The suite has thousands of assertions: a harness that ran none must not pass.
  expect(results.length).toBeGreaterThan(3000);
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
