// The input of all peers: a base of some syncs, two newer versions of one of them, the spans to replace, and
// the digest of the expected base after both.
import { createHash } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { syncSpansInKeyOrder } from '@sstitch/keys';
import { syntheticEntries, syntheticSyncId } from '@sstitch/testkit';
import { packPage, writeEntries } from './entries-file.mjs';

const PAGE_ENTRIES = 2048;

/**
 * Writes a dataset.
 *
 * @param {string} directory created for it
 * @param {object} shape
 * @param {number} shape.grants of the replaced sync, in base and source
 * @param {number} [shape.otherGrants] of each other sync of the base; the same number by default
 * @param {number} shape.syncs in the base
 * @param {'shuffled' | 'sorted'} [shape.order] the order in which entries are loaded: as a connector writes
 *   them, or by key, as no connector does, which results in the best shape of a B-tree
 */
export async function makeDataset(directory, shape) {
  const { grants, otherGrants = grants, syncs, order = 'shuffled' } = shape;
  mkdirSync(directory, { recursive: true });
  const syncOf = (syncIndex, revision) => ({
    syncIndex,
    revision,
    grants: syncIndex === 0 ? grants : otherGrants,
  });
  const old = Array.from({ length: syncs }, (_, syncIndex) => syncOf(syncIndex, 1));
  const [first, second] = [syncOf(0, 2), syncOf(0, 3)];
  const syncId = syntheticSyncId({ syncIndex: 0 });
  const files = {
    base: join(directory, 'base.entries'),
    source: join(directory, 'source.entries'),
    second: join(directory, 'second.entries'),
    spans: join(directory, 'spans.entries'),
  };
  const base = await writeEntries(
    files.base,
    order === 'sorted' ? mergedEntries(old) : oneByOne(old),
  );
  const source = await writeEntries(files.source, syntheticEntries({ ...first, order }));
  await writeEntries(files.second, syntheticEntries({ ...second, order }));
  const spans = syncSpansInKeyOrder(syncId).map(({ span }) => [span.start, span.end]);
  await writeEntries(files.spans, [spans]);
  const expected = await digestOf(mergedEntries([second, ...old.slice(1)]));
  return {
    directory,
    shape: { grants, otherGrants, syncs, order },
    syncId,
    files,
    base,
    source,
    expected,
  };
}

async function* oneByOne(syncs) {
  for (const sync of syncs) yield* syntheticEntries({ ...sync, order: 'shuffled' });
}

/** Yields the entries of several syncs in key order: bucket by bucket, and sync by sync in each. */
export async function* mergedEntries(syncs) {
  const inOrder = syncs
    .map((sync) => ({ sync, syncId: syntheticSyncId(sync) }))
    .sort((a, b) => (a.syncId < b.syncId ? -1 : 1))
    .map(({ sync, syncId }) => ({
      entries: eachEntry(sync),
      spans: syncSpansInKeyOrder(syncId).map(({ span }) => span),
      held: undefined,
    }));
  for (const one of inOrder) one.held = one.entries.next();
  let page = [];
  for (let bucket = 0; bucket < inOrder[0].spans.length; bucket++) {
    for (const one of inOrder) {
      const { end } = one.spans[bucket];
      let { value, done } = await one.held;
      while (!done && Buffer.compare(value[0], end) < 0) {
        page.push(value);
        if (page.length >= PAGE_ENTRIES) {
          yield page;
          page = [];
        }
        one.held = one.entries.next();
        ({ value, done } = await one.held);
      }
    }
  }
  if (page.length > 0) yield page;
}

async function* eachEntry(sync) {
  for await (const page of syntheticEntries(sync)) yield* page;
}

/** Computes the SHA-256 of packed entries. */
export async function digestOf(pages) {
  const hash = createHash('sha256');
  let entries = 0;
  for await (const page of pages) {
    hash.update(packPage(page));
    entries += page.length;
  }
  return { entries, digest: hash.digest('hex') };
}
