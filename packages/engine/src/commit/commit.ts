// The commit: replaces the contents of the spans by the entries of the incoming tables.
//
//   1 check      spans and runs (the caller has checked the tables). If the incoming tables are still being made,
//                link the base's tables meanwhile
//   2 gate       capture every write outside the spans from now on. A log torn by a failed write is retired first
//   3 flush      only if the log is too long to replay, or ends in a partial record
//   4 stage      lay out the next generation's directory in worker threads; fsync its new tables and, under its
//                temporary name, the next CURRENT; wait for the checks of incoming tables
//   5 open       open the next generation's database
//   6 catch up   replay the captured writes into it, until few are left; fsync its directory, in which the replay may
//                have made LevelDB begin another log
//   7 pause      block writers; replay the rest and fsync it; rename CURRENT and fsync: the commit point
//   8 switch     direct reads and writes to the next generation; retire the old one
//
// Readers never wait. Writers wait for the pause: one small batch, one rename and one fsync of a directory. Its length
// depends neither on the size of the store or of the syncs, nor on LevelDB's compactions. They also wait while the gate
// retires a log, or has captured as much as it may (write-gate.ts).
// docs/decisions/0001-replay-instead-of-pause.md says why the open is not part of the pause.
//
// A failure before the rename removes the next generation and leaves the base unchanged. A failed fsync poisons the
// store: what is on disk is unknown until the store is reopened.

import type { CommitReport, Span } from '@sstitch/contract';
import { throwIfAborted } from '../errors.js';
import type { LevelDatabase } from '../leveldb/level-database.js';
import { swapPointerTask } from '../store-directory/current-pointer.js';
import { fsyncGenerationTask } from '../store-directory/store-files.js';
import type { IncomingTables } from '../tables/extracted-tables.js';
import { runTableJobs } from '../tables/table-jobs.js';
import { allWorkers } from '../threads/fsync-files.js';
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

/** Catching up ends when fewer captured bytes than this are left for the pause. */
const CAUGHT_UP_BYTES = 64 * 1024;
/** Catching up ends after this many rounds, even if writers outrun the replay. */
const MAX_CATCH_UP_ROUNDS = 8;

/** Runs one commit; see the top of this file. The store serialises the calls. */
export async function commitTables(host: CommitHost, input: CommitInput): Promise<CommitReport> {
  const session = host.pool.session<StageSession>();
  try {
    return await commitWith(session, host, input);
  } finally {
    // This only frees memory of a worker thread, which may be busy: do not wait.
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
      // Otherwise the session has them from prelink.
      spans: isMade ? spans : undefined,
    });
    const stagedAt = host.now();
    checkAborted();
    next = await host.openNext(nextDirectory);
    const opened = host.now();
    checkAborted();
    // The base's log precedes the captured writes. Writes that are in both are replayed twice, which changes nothing.
    if (staged.unflushed.length > 0) await next._batch(staged.unflushed, { sync: true });
    let replayedOperations = await catchUp(gate, next);
    await pool.run(fsyncGenerationTask, { directory: nextDirectory }, { signal });
    if (gate.capturedBytes > CAUGHT_UP_BYTES) replayedOperations += await catchUp(gate, next);
    checkAborted();
    const pausing = host.now();
    await gate.pause();
    const rest = gate.take().operations;
    replayedOperations += rest.length;
    // Every replay is synced: after the switch, the next generation's log may be the only durable place of the writes.
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
    // The next open removes whatever this clean-up leaves.
    if (next !== undefined && poisoned && renamed) input.keepOpen(next);
    else await next?.close().catch(() => undefined);
    unsynced.close();
    if (!poisoned) await generation.discard();
    gate.end();
    throw failure;
  }
}

/** The state that the steps before the open share. */
interface Stage {
  readonly generation: NextGeneration;
  readonly session: Session<StageSession>;
  readonly base: CommitBase;
  readonly unsynced: UnsyncedFiles;
}

/** Makes the incoming tables and meanwhile links the base's tables into the next generation's directory. */
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
  // Errors of `make` belong to the source and do not poison this store. A poisoned store's error takes precedence.
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

/** Runs steps 3 and 4. The next CURRENT is fsynced meanwhile, as tables are linked in another directory. */
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
    // Tables that are still being checked must keep their names.
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
    const outcomes = await runTableJobs(pool, jobs, unsynced, { policy }, signal);
    begun = { staged: await session.run(finishStageTask, { outcomes }, { signal }) };
  }
  const { staged } = begun;
  // Fsync before LevelDB opens the tables: it may compact one away at once, while others share its file. Fsync after
  // all tables are linked, as an fsync delays links.
  unsynced.takeFrom({ unsynced: incoming.unsynced?.take() ?? [] });
  const syncing = unsynced.sync(signal, checking);
  await allWorkers([syncing, ...(checking ? [checking] : [])]);
  return { staged, flushMs };
}

/** Replays captured writes until few are left. Returns how many operations it replayed. */
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
