// The commit: from then on the store holds, inside the spans, exactly the incoming tables' entries.
//
//   1 check      spans and runs (the caller has checked the tables); where the tables are still to come, the
//                base's are linked meanwhile
//   2 gate       what is written outside the spans is kept from now on; a log that a failed write has torn is
//                retired first
//   3 flush      only a long log, or one that ends in half a record: what was written before is in tables then; a
//                short one is replayed
//   4 stage      lay out the next generation's directory, in workers; sync its new tables, and the next CURRENT
//                under its temporary name, while the last incoming tables are checked; readers and writers go on
//   5 open       the next generation's database; sync what the open wrote
//   6 catch up   replay into it what was kept meanwhile, until little is left
//   7 pause      writes wait; replay the rest, durably; rename CURRENT and sync: the commit point
//   8 switch     reads and writes go to the next generation; the old one retires
//
// The pause is one small batch, one rename and one directory sync: it depends neither on the store's
// size nor on the sync's, nor on what LevelDB compacts meanwhile. Why it does not pause over
// the open: docs/decisions/0001-replay-instead-of-pause.md.
//
// A failure before the rename removes the next generation and leaves the base as it was. A failed
// sync poisons the store: what is on disk is unknown until it is opened anew.

import type { CommitReport, Span } from '@sstitch/contract';
import { throwIfAborted } from '../errors.js';
import type { LevelDatabase } from '../leveldb/level-database.js';
import { swapPointerTask, syncGenerationTask } from '../store-directory/store-files.js';
import type { IncomingTables } from '../tables/extracted-tables.js';
import { shareTableJobs } from '../tables/table-jobs.js';
import { allWorkers } from '../threads/sync-files.js';
import { UnsyncedFiles } from '../threads/unsynced-files.js';
import type { Session } from '../threads/worker-pool.js';
import type { CommitBase, CommitHost, CommitInput } from './commit-host.js';
import { NextGeneration } from './next-generation.js';
import {
  beginFlushedStageTask,
  beginStageTask,
  finishStageTask,
  prelinkTask,
  type StagedGeneration,
  type StageRequest,
  type StageSession,
} from './stage.js';
import type { WriteGate } from './write-gate.js';

/** What is left for the pause is at most about this much. */
const CAUGHT_UP_BYTES = 64 * 1024;
/** A writer that outruns the replay this often is paused all the same. */
const MAX_CATCH_UP_ROUNDS = 8;

/** Runs one commit; see the head of this file. Calls are serialised by the store. */
export async function commitTables(host: CommitHost, input: CommitInput): Promise<CommitReport> {
  const session = host.pool.session<StageSession>();
  try {
    return await commitWith(session, host, input);
  } finally {
    // It frees memory of a thread, which may be busy: nothing waits for it.
    session.end().catch(() => undefined);
  }
}

async function commitWith(
  session: Session<StageSession>,
  host: CommitHost,
  input: CommitInput,
): Promise<CommitReport> {
  const { pool, directory, gate } = host;
  const { nextDirectory, spans, signal } = input;
  const base = host.current();
  const generation = new NextGeneration(host, input.number, nextDirectory);
  const unsynced = new UnsyncedFiles(pool);
  const stage = { generation, session, base, unsynced };
  const isMade = typeof input.tables !== 'function';
  const incoming =
    typeof input.tables === 'function'
      ? await makeIncoming(input, input.tables, stage)
      : input.tables;
  const start = host.now();
  let next: LevelDatabase | undefined;
  let renamed = false;
  const checkAborted = () => throwIfAborted(signal);
  try {
    checkAborted();
    await gate.begin(spans);
    await generation.make();
    const { staged, flushMs } = await stageNext(host, input, {
      ...stage,
      incoming,
      // Else the session has them.
      spans: isMade ? spans : undefined,
    });
    const stagedAt = host.now();
    checkAborted();
    next = await host.openNext(nextDirectory);
    await pool.run(syncGenerationTask, { directory: nextDirectory }, { signal });
    const opened = host.now();
    checkAborted();
    // The base's log is older than all that was captured; what is in both is replayed twice, to the same end.
    if (staged.unflushed.length > 0) await next._batch(staged.unflushed, { sync: true });
    let replayedOperations = await catchUp(gate, next);
    checkAborted();
    const pausing = host.now();
    await gate.pause();
    const rest = gate.take().operations;
    replayedOperations += rest.length;
    // Synced, as every replay is: those writes may be in no other synced place from now on.
    if (rest.length > 0) await next._batch(rest, { sync: true });
    checkAborted();
    renamed = true;
    await pool.run(swapPointerTask, { directory }, { priority: 'urgent' });
    input.switchTo(next);
    gate.end(next);
    const ended = host.now();
    return {
      generation: input.number,
      base: staged.base,
      spans: staged.spans,
      tables: staged.tables,
      replayedOperations,
      pauseMs: ended - pausing,
      durationMs: ended - start,
      steps: {
        flushMs,
        stageMs: stagedAt - start - flushMs,
        openMs: opened - stagedAt,
        catchUpMs: pausing - opened,
      },
    };
  } catch (error) {
    const failure = input.failed(error, renamed);
    const poisoned = failure.code === 'SSTITCH_STORE_POISONED';
    // What is left here is removed by the next open at the latest.
    if (next !== undefined && poisoned && renamed) input.keepOpen(next);
    else await next?.close().catch(() => undefined);
    unsynced.close();
    if (!poisoned) await generation.discard();
    gate.end();
    throw failure;
  }
}

interface Stage {
  readonly generation: NextGeneration;
  readonly session: Session<StageSession>;
  readonly base: CommitBase;
  readonly unsynced: UnsyncedFiles;
}

/** Has the incoming tables made, while the base's are linked into the next generation's directory. */
async function makeIncoming(
  { nextDirectory, spans, signal, failed }: CommitInput,
  make: () => Promise<IncomingTables>,
  { generation, session, base }: Stage,
): Promise<IncomingTables> {
  const link = async () => {
    await generation.make();
    const request = { baseDirectory: base.directory, nextDirectory, spans };
    await session.run(prelinkTask, request, { signal });
  };
  const [made, linked] = await Promise.allSettled([make(), link()]);
  if (made.status === 'fulfilled' && linked.status === 'fulfilled') return made.value;
  const failure = linked.status === 'rejected' ? failed(linked.reason, false) : undefined;
  const isPoisoned = failure?.code === 'SSTITCH_STORE_POISONED';
  if (!isPoisoned) await generation.discard();
  // What fails to be made has errors of another store, which do not poison this one; a poisoned store says so first.
  if (made.status === 'rejected' && !isPoisoned) throw made.reason;
  throw failure;
}

interface StageInput extends Stage {
  readonly incoming: IncomingTables;
  readonly spans: readonly Span[] | undefined;
}

interface StagedNext {
  readonly staged: StagedGeneration;
  readonly flushMs: number;
}

/** Steps 3 and 4. The next CURRENT is synced meanwhile: its directory is not the one that tables are linked in. */
async function stageNext(
  host: CommitHost,
  input: CommitInput,
  stage: StageInput,
): Promise<StagedNext> {
  const laidOut = layOutNext(host, input, stage);
  await allWorkers([laidOut, stage.generation.preparePointer()]);
  return laidOut;
}

async function layOutNext(
  host: CommitHost,
  { nextDirectory, moveIncoming, purge, policy, signal }: CommitInput,
  { session, base, unsynced, incoming, spans }: StageInput,
): Promise<StagedNext> {
  const { pool } = host;
  const { checking } = incoming;
  const request: StageRequest = {
    ...{ baseDirectory: base.directory, nextDirectory, spans, purge },
    incoming: incoming.spans.map(({ runs }) => runs),
    incomingSequence: incoming.lastSequence,
    rewriteShared: policy.mode === 'copy',
    // What is being checked keeps its name.
    move: moveIncoming ? (checking === undefined ? 'all' : 'made') : 'none',
  };
  let begun = await session.run(beginStageTask, request, { signal });
  let flushMs = 0;
  if (begun === undefined) {
    const flushing = host.now();
    const leastLogNumber = await host.flush(base);
    flushMs = host.now() - flushing;
    begun = await session.run(beginFlushedStageTask, { leastLogNumber }, { signal });
  }
  if ('jobs' in begun) {
    const { jobs } = begun;
    const outcomes = await shareTableJobs(pool, jobs, unsynced, { policy }, signal);
    begun = { staged: await session.run(finishStageTask, { outcomes }, { signal }) };
  }
  const { staged } = begun;
  // Before LevelDB opens a table: it may compact one away at once, and others be names of the same file. After
  // all of them have their names, which a sync would hold up.
  unsynced.takeFrom({ unsynced: incoming.unsynced?.take() ?? [] });
  const syncing = unsynced.sync(signal, checking);
  await allWorkers([syncing, ...(checking ? [checking] : [])]);
  return { staged, flushMs };
}

async function catchUp(gate: WriteGate, next: LevelDatabase): Promise<number> {
  let replayed = 0;
  for (let round = 0; round < MAX_CATCH_UP_ROUNDS; round++) {
    if (round > 0 && gate.capturedBytes <= CAUGHT_UP_BYTES) break;
    const { operations } = gate.take();
    if (operations.length === 0) break;
    await next._batch(operations, { sync: true });
    replayed += operations.length;
  }
  return replayed;
}
