// The methods of a store that commit tables and entries from outside. Each is one operation (threads/operations.ts)
// from its first file operation to its clean-up.

import type { CommitReport, Span } from '@sstitch/contract';
import { buildFromPages, type PagesToBuild } from '../build/build-from-pages.js';
import { BUILT_SEQUENCE } from '../build/build-tables.js';
import { rebuildTables } from '../build/rebuild-tables.js';
import { EngineError } from '../errors.js';
import { checkSpans } from '../spans.js';
import {
  checkIncomingTablesTask,
  checkRuns,
  type ForeignSpanTables,
} from '../tables/check-incoming.js';
import {
  checkedSpans,
  ExtractedTables,
  type IncomingTables,
  settledTables,
} from '../tables/extracted-tables.js';
import { fsyncingFiles } from '../threads/unsynced-files.js';
import { verifyGenerationSpans } from '../verify/verify-spans.js';
import { purgeOf } from './core-options.js';
import type { Generation } from './generation.js';
import { takeTables } from './generation-reader.js';
import type { StoreCore } from './store-core.js';
import type {
  ExciseOptions,
  IngestFromOptions,
  IngestOptions,
  StoreReplaceResult,
  TableSource,
} from './transfer-options.js';

/** Commits tables that this engine made. */
export function ingestOwnTables(
  core: StoreCore,
  tables: IncomingTables,
  options: IngestOptions,
): Promise<CommitReport> {
  const { signal, move = false } = options;
  return core.commit(tables, { moveIncoming: move, purge: purgeOf(options), signal });
}

/** Commits tables that the caller made, after parsing them in full. */
export function ingestForeignTables(
  core: StoreCore,
  tables: readonly ForeignSpanTables[],
  options: IngestOptions,
): Promise<CommitReport> {
  const spans = checkSpans(tables.map(({ span }) => span));
  const foreign = tables.map(({ runs }, index) => ({ span: spans[index] as Span, runs }));
  const { signal } = options;
  return core.operations.runFileWork(async () => {
    const ending = core.operations.endingWith(signal);
    const checked = await fsyncingFiles(core.pool, ending, async (unsynced) => {
      const input = { spans: foreign };
      const output = await core.pool.run(checkIncomingTablesTask, input, { signal: ending });
      checkRuns(unsynced.takeFrom(output).spans);
      return { spans: output.spans, lastSequence: output.lastSequence };
    });
    return core.commit(checked, { moveIncoming: false, purge: purgeOf(options), signal });
  });
}

/** Extracts tables from a source and commits them or, with `rebuild`, tables that are built from them. */
export function ingestFromSource(
  core: StoreCore,
  source: TableSource,
  spans: readonly Span[],
  options: IngestFromOptions,
): Promise<CommitReport> {
  const { operations, staging, policy, pool } = core;
  const { signal, verify = false, rebuild = false, purge = false, onExtracted } = options;
  const failing = new AbortController();
  const ending = AbortSignal.any([failing.signal, operations.endingWith(signal)]);
  const directories: string[] = [];
  let extracted: IncomingTables | undefined;
  const stagingDirectory = async () => {
    const directory = await staging.add();
    directories.push(directory);
    return directory;
  };
  const extract = async (): Promise<ExtractedTables> => {
    const share = policy.mode === 'share' && !purge && !rebuild;
    const extractOptions = { share, verify, signal: ending };
    const tables = await takeTables(source, spans, await stagingDirectory(), extractOptions);
    extracted = ExtractedTables.incomingOf(tables);
    if (extracted !== undefined) return tables;
    throw new EngineError(
      'SSTITCH_TABLES_INVALID',
      'extract() of the source must return the ExtractedTables of a store',
    );
  };
  const build = async (): Promise<ExtractedTables> => {
    const input = await checkedSpans(await extract());
    const { onEntries = () => undefined } = options;
    const directory = await stagingDirectory();
    const built = await fsyncingFiles(pool, ending, (unsynced) =>
      rebuildTables(pool, directory, input, { signal: ending, unsynced, onEntries }),
    );
    return new ExtractedTables({ spans: built, lastSequence: Number(BUILT_SEQUENCE) });
  };
  const extractForCommit = async (): Promise<ExtractedTables> => {
    const tables = await extract();
    // Reading all tables takes long, and a commit that captured writes for so long would have many to replay.
    return verify ? settledTables(tables, ending) : tables;
  };
  const incomingFrom = async (make: () => Promise<ExtractedTables>): Promise<IncomingTables> => {
    const tables = await make();
    onExtracted?.(tables);
    return ExtractedTables.incomingOf(tables) as IncomingTables;
  };
  return operations.run(async () => {
    try {
      // A build takes long, so it runs before the commit: other commits do not wait for it.
      const tables = rebuild ? await incomingFrom(build) : () => incomingFrom(extractForCommit);
      const commitOptions = { moveIncoming: true, purge: purgeOf(options), signal };
      return await core.commitSpans(spans, tables, commitOptions);
    } finally {
      failing.abort();
      // A commit that failed did not wait for the checks.
      await Promise.allSettled([extracted?.checking]);
      extracted?.unsynced?.close();
      const removing = Promise.all(directories.map((directory) => staging.remove(directory)));
      // Only a close and a purge wait for the removal.
      void operations.track(removing);
      if (purge) await removing;
    }
  });
}

/** Builds tables from pages of sorted entries and commits them. */
export function replaceByPages(
  core: StoreCore,
  spans: readonly Span[],
  pages: PagesToBuild,
  options: ExciseOptions,
): Promise<StoreReplaceResult> {
  const { operations, pool, staging } = core;
  const { signal } = options;
  return operations.run(async () => {
    const directory = await staging.add();
    try {
      const ending = { signal: operations.endingWith(signal) };
      const built = await buildFromPages(pool, directory, spans, pages, ending);
      const tables = { spans: built.spans, lastSequence: built.lastSequence };
      const commitOptions = { moveIncoming: true, purge: purgeOf(options), signal };
      const commit = await core.commit(tables, commitOptions);
      const { pauseMs, durationMs } = commit;
      return { entries: built.entries, pauseMs, durationMs, commit };
    } finally {
      await staging.remove(directory);
    }
  });
}

/** Runs `verifySpans` on a generation of an open store. The store's close waits for it. */
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
