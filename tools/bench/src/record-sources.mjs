// The sources of an import's records: a .c1z file, or a number of generated grants.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { syntheticSync } from '@sstitch/testkit';
import { openC1z } from '../../../packages/c1z/dist/index.js';

const TEST_DATA = fileURLToPath(new URL('../../../packages/c1z/test-data/', import.meta.url));

/** The real .c1z files. */
export function realFiles() {
  const files = readdirSync(TEST_DATA);
  return files.filter((name) => name.endsWith('.c1z')).map((name) => join(TEST_DATA, name));
}

/** Matches a number of generated grants, optionally in an order unrelated to their keys. */
export const GENERATED = /^(\d+)( shuffled)?$/;

/** Yields the records of an input, a .c1z file or a number of grants, in batches. */
export async function* recordsOf(input) {
  const [, grants, shuffled] = GENERATED.exec(input) ?? [];
  if (grants !== undefined) {
    const sync = syntheticSync({ grants: Number(grants) });
    const batches = shuffled ? shuffledBatches(sync.records()) : sync.records();
    for (const records of batches) yield { syncId: sync.syncId, records };
    return;
  }
  const file = await openC1z(input);
  try {
    for (const run of file.syncs()) {
      const { syncId } = run;
      yield { syncId, records: [run] };
      for (const kind of ['resourceTypes', 'resources', 'entitlements', 'grants', 'assets']) {
        for await (const records of file[kind](syncId)) yield { syncId, records };
      }
    }
  } finally {
    await file.close();
  }
}

/** Holds all records in memory and yields them in a fixed arbitrary order. */
function* shuffledBatches(batches) {
  const records = [...batches].flat();
  for (let at = 0, place = 0; at < records.length; ) {
    const batch = [];
    for (; batch.length < 2048 && at < records.length; at++) {
      // A prime step: each record is visited once unless their number is a multiple of it.
      place = (place + 15_485_863) % records.length;
      batch.push(records[place]);
    }
    yield batch;
  }
}
