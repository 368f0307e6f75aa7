// Creates stores of any number of tables: a sync of some size among as many tiny syncs as needed.
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Store } from '@sstitch/engine';
import { syncSpans } from '@sstitch/keys';
import { syntheticSyncId } from '@sstitch/testkit';
import { mergedEntries } from './dataset.mjs';

/** The number of spans of a sync, each of which becomes at least one table. */
const TABLES_A_SYNC = 13;
const TINY_GRANTS = 30;

/** The shape of a dataset whose base, loaded here, has about `tables` tables. */
export function shapeOfTables(tables, grants) {
  return { grants, otherGrants: TINY_GRANTS, syncs: 1 + Math.ceil(tables / TABLES_A_SYNC) };
}

/** Creates the base in one commit, a table for each span; returns the number of tables. */
export async function loadInTables(directory, { grants, otherGrants, syncs }) {
  const all = Array.from({ length: syncs }, (_, syncIndex) => ({
    syncIndex,
    revision: 1,
    grants: syncIndex === 0 ? grants : otherGrants,
  }));
  const store = new Store(directory);
  const spans = all
    .flatMap((sync) => syncSpans(syntheticSyncId(sync)).map(({ span }) => span))
    .sort((a, b) => Buffer.compare(a.start, b.start));
  await store.replaceSpans(spans, mergedEntries(all));
  await store.close();
  return countTables(directory);
}

function countTables(directory) {
  const generation = readdirSync(directory).find((name) =>
    existsSync(join(directory, name, 'CURRENT')),
  );
  return readdirSync(join(directory, generation)).filter((name) => /\.(ldb|sst)$/.test(name))
    .length;
}
