// What a store does with tables and entries that come from outside: each is one operation (operations.ts), from its
// first file operation to its clean-up.

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
  checkedTables,
  ExtractedTables,
  type IncomingTables,
  whenChecked,
} from '../tables/extracted-tables.js';
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

/** Commits tables that others made: they are parsed in full first. */
export function ingestForeignTables(
  core: StoreCore,
  tables: readonly ForeignSpanTables[],
  options: IngestOptions,
): Promise<CommitReport> {
  const spans = checkSpans(tables.map(({ span }) => span));
  const foreign = tables.map(({ runs }, index) => ({ span: spans[index] as Span, runs }));
  const { signal } = options;
  return core.operations.runFileWork(async () => {
    const ending = { signal: core.operations.endingWith(signal) };
    const checked = await core.pool.run(checkIncomingTablesTask, { spans: foreign }, ending);
    checkRuns(checked.spans);
    const how = { moveIncoming: false, purge: purgeOf(options), signal };
    return core.commit(checkedTables(checked), how);
  });
}

/** Extracts from a source, and commits its tables or those that are built of them. */
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
  let checking: Promise<unknown> | undefined;
  const stagingDirectory = async () => {
    const directory = await staging.add();
    directories.push(directory);
    return directory;
  };
  const extract = async (): Promise<ExtractedTables> => {
    const share = policy.mode === 'share' && !purge && !rebuild;
    const how = { share, verify, signal: ending };
    const tables = await takeTables(source, spans, await stagingDirectory(), how);
    const incoming = ExtractedTables.incomingOf(tables);
    if (incoming === undefined) {
      throw new EngineError('SSTITCH_TABLES_INVALID', 'the source does not return table sets');
    }
    checking = incoming.checking;
    // To read all tables takes long; the base's writers would be kept waiting for the replay.
    return verify || rebuild ? whenChecked(tables) : tables;
  };
  const build = async (): Promise<ExtractedTables> => {
    const { spans: extracted } = await extract();
    const { onEntries = () => undefined } = options;
    const how = { signal: ending, onEntries };
    const built = await rebuildTables(pool, await stagingDirectory(), extracted, how);
    return new ExtractedTables(
      checkedTables({ spans: built, lastSequence: Number(BUILT_SEQUENCE) }),
    );
  };
  const make = async (how: () => Promise<ExtractedTables>): Promise<IncomingTables> => {
    const tables = await how();
    onExtracted?.(tables);
    return ExtractedTables.incomingOf(tables) as IncomingTables;
  };
  return operations.run(async () => {
    try {
      // A build takes long: other commits need not wait for it.
      const tables = rebuild ? await make(build) : () => make(extract);
      const how = { moveIncoming: true, purge: purgeOf(options), signal };
      return await core.commitMade(spans, tables, how);
    } finally {
      failing.abort();
      // A commit that failed has not waited for them.
      await Promise.allSettled([checking]);
      const removing = Promise.all(directories.map((directory) => staging.remove(directory)));
      // Only a close waits for it, and a purge.
      void operations.track(removing);
      if (purge) await removing;
    }
  });
}

/** Builds tables of sorted entries and commits them. */
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
      const { entries: count, ...built } = await buildFromPages(
        ...([pool, directory, spans, pages, ending] as const),
      );
      const how = { moveIncoming: true, purge: purgeOf(options), signal };
      const commit = await core.commit(checkedTables(built), how);
      const { pauseMs, durationMs } = commit;
      return { entries: count, pauseMs, durationMs, commit };
    } finally {
      await staging.remove(directory);
    }
  });
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
