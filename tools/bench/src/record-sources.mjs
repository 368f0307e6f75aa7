// Where an import's records come from: a .c1z file, or a number of grants that are generated.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { syntheticSync } from '@sstitch/testkit';
import { openC1z } from '../../../packages/c1z/dist/index.js';

const TEST_DATA = fileURLToPath(new URL('../../../packages/c1z/test-data/', import.meta.url));

/** The real .c1z files of the repository. */
export function realFiles() {
  const files = readdirSync(TEST_DATA);
  return files.filter((name) => name.endsWith('.c1z')).map((name) => join(TEST_DATA, name));
}

/** Grants by their number, and whether they come in an order that has nothing to do with their keys. */
export const GENERATED = /^(\d+)( shuffled)?$/;

/** Batches of records of an input: a .c1z file, or a number of grants. */
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

/** The same records, all held at once, in an order that is none but always the same. */
function* shuffledBatches(batches) {
  const records = [...batches].flat();
  for (let at = 0, place = 0; at < records.length; ) {
    const batch = [];
    for (; batch.length < 2048 && at < records.length; at++) {
      // Coprime to any number of records that is no multiple of it: each comes once.
      place = (place + 15_485_863) % records.length;
      batch.push(records[place]);
    }
    yield batch;
  }
}
