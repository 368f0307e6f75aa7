// What a store does with tables that come from outside: each is one operation (operations.ts), from its first
// file operation to its clean-up.

import type { CommitReport, EntryPages, ReplaceSpansResult, Span } from '@sstitch/contract';
import { buildFromPages } from '../build/build-from-pages.js';
import { type RebuiltTables, rebuildTables } from '../build/rebuild-tables.js';
import { EngineError } from '../errors.js';
import type { ExtractedTables } from '../extract/extract-tables.js';
import { checkSpans } from '../spans.js';
import { runInDirectory } from '../store-directory/staging-directories.js';
import {
  checkIncomingTablesTask,
  checkRuns,
  type ForeignSpanTables,
} from '../tables/check-incoming.js';
import { isTrusted, trusted } from '../tables/trusted-sets.js';
import { verifyGenerationSpans } from '../verify/verify-spans.js';
import type { Generation } from './generation.js';
import type { StoreCore } from './store-core.js';
import {
  type IngestOptions,
  purgeOf,
  type RebuildTablesOptions,
  type StoreReplaceOptions,
} from './transfer-options.js';

/** Commits tables; those that are not of an `extract` are checked in full first. */
export async function ingestTables(
  core: StoreCore,
  tables: ExtractedTables | readonly ForeignSpanTables[],
  options: IngestOptions,
): Promise<CommitReport> {
  const { signal, move = false } = options;
  const purge = purgeOf(options);
  if ('lastSequence' in tables) {
    checkTrusted(tables);
    return core.commit(tables, { moveIncoming: move, purge, signal });
  }
  const spans = checkSpans(tables.map(({ span }) => span));
  const foreign = tables.map(({ runs }, index) => ({ span: spans[index] as Span, runs }));
  return core.operations.runFileWork(async () => {
    const ending = { signal: core.operations.endingWith(signal) };
    const checked = await core.pool.run(checkIncomingTablesTask, { spans: foreign }, ending);
    checkRuns(checked.spans);
    return core.commit(checked, { moveIncoming: false, purge, signal });
  });
}

/** Builds tables of sorted entries and commits them. */
export function replaceByPages(
  core: StoreCore,
  spans: readonly Span[],
  entries: EntryPages,
  options: StoreReplaceOptions,
): Promise<ReplaceSpansResult & { readonly commit: CommitReport }> {
  const { operations, pool, staging } = core;
  const { signal } = options;
  const purge = purgeOf(options);
  return operations.run(async () => {
    const directory = await staging.add();
    try {
      const ending = { signal: operations.endingWith(signal) };
      const built = await buildFromPages(pool, directory, spans, entries, ending);
      const commit = await core.commit(built, { moveIncoming: true, purge, signal });
      const { pauseMs, durationMs } = commit;
      return { entries: built.entries, pauseMs, durationMs, commit };
    } finally {
      // The commit has or has not come about: a directory left over, which the next open removes, says
      // nothing about that.
      await staging.remove(directory).catch(() => undefined);
    }
  });
}

/** Builds extracted tables anew. */
export async function rebuildInStore(
  core: StoreCore,
  tables: ExtractedTables,
  directory: string,
  { signal, onEntries = () => undefined }: RebuildTablesOptions,
): Promise<RebuiltTables> {
  const { operations, pool } = core;
  checkTrusted(tables);
  const rebuilt = await runInDirectory(directory, signal, (either) =>
    operations.run(() => {
      const ending = { signal: operations.endingWith(either), onEntries };
      return rebuildTables(pool, directory, tables, ending);
    }),
  );
  return trusted(rebuilt);
}

function checkTrusted(tables: ExtractedTables): void {
  if (isTrusted(tables)) return;
  throw new EngineError('SSTITCH_TABLES_INVALID', 'the table set is not what extract gave');
}

/** `verifySpans` of a generation of an open store, which closes only when this has ended. */
export function verifyStoreSpans(
  core: StoreCore,
  generation: Generation,
  spans: readonly Span[],
  signal: AbortSignal | undefined,
): Promise<void> {
  const input = { namedDirectory: generation.directory, spans };
  const { operations, pool } = core;
  const ending = operations.endingWith(signal);
  return operations.runFileWork(() => verifyGenerationSpans(pool, generation, input, ending));
}
