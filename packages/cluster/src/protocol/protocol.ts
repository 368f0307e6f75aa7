// The protocol by which processes share a store.
//
// A store is a log of records in numbered slots. A process keeps a copy of the state, which is a function of the log,
// and changes the store only by filling the slot after the last one that it has applied. There is no other
// coordination: no leader, no lock, no message between processes.
//
// Open.      1. The lease is written with slot 0, which holds everything. 2. The newest checkpoint is read, else the
//            state is empty. 3. The process catches up with the log. 4. The lease gets the slot of its own state.
// Catch up.  The head of the segment is read, then the slots up to it. Reads and views that begin during a catch-up
//            share the next one (SharedProbe).
// View.      Made at once; its catch-up begins at once. It is the state after the catch-up, or, if records up to there
//            have commits that this process issued after it made the view, the state before the first of these.
// Commit.    1. The record is made: groups of this process and those that others announced. 2. It is appended to the
//            slot after the known state.
//            - applied: the state is advanced, the commits are done.
//            - lost: the process catches up, and finds its groups there (another process took them from its
//              announcement) or appends them again to the next slot. Its first group is announced meanwhile.
//            - unknown: the process catches up with serial reads, which settle the slot. If the slot is free, the same
//              groups are appended again. The first append may still be applied: a group counts once.
//            After commitTimeoutMs without an answer the commits fail: with SSTITCH_COMMIT_UNKNOWN those that may be
//            applied later, which the next commit finishes first.
//
// Condition. A view watches spans: the process notes each record after the view's state that writes to them, and reads the
//            runs that may have. A commit of the view is refused once there is one. Until then it is sent as others are, but
//            first in its record, and by this process alone: if it is applied, then just after a state in which the spans
//            are unchanged.
//
// Invariants, and the failures that each covers:
// - A slot is proposed only by a process that has applied every slot before it, and the head of a segment outlives its
//   slots: of two writers one loses; so does one that slept, even past the deletion of its segment.
// - A group keeps its id and edits from its first append on, and each copy's base is a slot up to which the process knows
//   that it was not applied: repeats and late appends change nothing.
// - A record is applied whole: no view has a part of it.
// - A run is named only by a commit, after all its rows are durable: a process that dies before that leaves an orphan,
//   which its intent shows.
// - A process joins in the log before its first intent, and `abort` is an edit of the same log: a loader that slept and
//   was aborted meanwhile cannot name deleted runs, and neither can its announcement.
// - The lease's slot is at most that of every view in use: nothing is deleted that a view needs. A collector reads the
//   head before the leases: a process that opens meanwhile starts at that head or after.
// - The process checks its lease after every read (checkLease), and a missing row is an error: a process that slept
//   reads nothing wrong.
import { randomUUID } from 'node:crypto';
import type { Span } from '@sstitch/contract';
import { type Clock, systemClock } from '../clock.js';
import { ClusterError } from '../errors.js';
import { type Edit, type RunRef, versionOf } from '../log/edits.js';
import { decodeRecord } from '../log/record-format.js';
import type { Announcement, AppendOutcome, ClusterPort, ReadStrength } from '../port.js';
import { applyRecord } from '../state/apply-record.js';
import type { State } from '../state/state.js';
import { assembleRecord, groupsToOffer } from './assemble-record.js';
import { isFinal, isRefusal, isUnknown, unavailable } from './commit-errors.js';
import { GroupQueue } from './group-queue.js';
import { LeaseKeeper } from './lease-keeper.js';
import type { Committed, LogClient, View } from './log-client.js';
import { LogReader } from './log-reader.js';
import { readNewestCheckpoint } from './newest-checkpoint.js';
import { type OpenView, OpenViews } from './open-views.js';
import { SharedProbe } from './shared-probe.js';

export interface LogClientOptions {
  /** @defaultValue the process's monotonic clock */
  readonly clock?: Clock | undefined;
  /** How long others keep what this process reads after its last renewal. @defaultValue 30,000 */
  readonly leaseMs?: number | undefined;
  /** How long a commit waits for a database that does not answer. @defaultValue 30,000 */
  readonly commitTimeoutMs?: number | undefined;
  /** Makes UUIDs. @defaultValue `crypto.randomUUID` */
  readonly newId?: (() => string) | undefined;
  /** Whether a run has keys in spans. @defaultValue every run does */
  readonly holdsKeysIn?: ((run: RunRef, spans: readonly Span[]) => Promise<boolean>) | undefined;
}

const DEFAULT_LEASE_MS = 30_000;
const DEFAULT_COMMIT_TIMEOUT_MS = 30_000;
/** The pauses between attempts of a commit while the database does not answer. */
const FIRST_RETRY_MS = 20;
const MAX_RETRY_MS = 1000;

/**
 * Opens a process's copy of a store. The caller closes the client before the port.
 *
 * @throws ClusterError SSTITCH_CLUSTER_UNAVAILABLE, SSTITCH_CLUSTER_CORRUPT
 */
export async function openLogClient(
  port: ClusterPort,
  options: LogClientOptions = {},
): Promise<LogClient> {
  const clock = options.clock ?? systemClock;
  const newId = options.newId ?? randomUUID;
  const owner = newId();
  const leaseMs = options.leaseMs ?? DEFAULT_LEASE_MS;
  const commitTimeoutMs = options.commitTimeoutMs ?? DEFAULT_COMMIT_TIMEOUT_MS;
  const lease = new LeaseKeeper({ port, clock, owner, leaseMs });
  try {
    await lease.start();
    const state = await readNewestCheckpoint(port);
    const holdsKeysIn = options.holdsKeysIn ?? (async () => true);
    const client = new PortLogClient({
      ...{ port, clock, newId, owner, lease, commitTimeoutMs, holdsKeysIn, state },
    });
    await client.latest();
    await lease.follow(
      () => client.heldSlot,
      () => client.latest(),
    );
    return client;
  } catch (error) {
    await lease.end();
    throw error;
  }
}

interface Parts {
  readonly port: ClusterPort;
  readonly clock: Clock;
  readonly newId: () => string;
  readonly owner: string;
  readonly lease: LeaseKeeper;
  readonly commitTimeoutMs: number;
  readonly holdsKeysIn: (run: RunRef, spans: readonly Span[]) => Promise<boolean>;
  readonly state: State;
}

class PortLogClient implements LogClient {
  readonly owner: string;
  readonly #port: ClusterPort;
  readonly #clock: Clock;
  readonly #lease: LeaseKeeper;
  readonly #commitTimeoutMs: number;
  readonly #holdsKeysIn: Parts['holdsKeysIn'];
  readonly #views = new OpenViews();
  readonly #queue: GroupQueue;
  readonly #reader: LogReader;
  #onOwnSlot: (slot: number) => void = () => undefined;
  readonly #probe = new SharedProbe(() => this.#catchUp('quorum'));
  #known: State;
  /** How many commits were issued. */
  #issued = 0;
  /** What others announced, as last read. */
  #announcements: readonly Announcement[] = [];
  /** Whether the last record left out the process's first group. */
  #wasLeftOut = false;
  /** Whether an append may still be applied to the slot after the known state. */
  #isUnsure = false;
  /** The commits in progress; undefined if there are none. */
  #committing: Promise<void> | undefined;
  /** Whether this process may have an announcement. */
  #isAnnounced = false;
  /** The writes of the process's announcement, one after another. */
  #announcing: Promise<unknown> = Promise.resolve();
  #joined: Promise<void> | undefined;
  #isClosed = false;

  constructor(parts: Parts) {
    const { port, clock, newId, owner, lease, commitTimeoutMs, holdsKeysIn, state } = parts;
    this.owner = owner;
    this.#port = port;
    this.#clock = clock;
    this.#lease = lease;
    this.#commitTimeoutMs = commitTimeoutMs;
    this.#holdsKeysIn = holdsKeysIn;
    this.#known = state;
    this.#queue = new GroupQueue(owner, newId);
    this.#reader = new LogReader(port, lease);
  }

  get known(): State {
    return this.#known;
  }

  /** The lowest slot whose state this process needs. */
  get heldSlot(): number {
    return this.#views.heldSlot(this.#known);
  }

  async latest(): Promise<State> {
    await this.#probe.probe();
    this.#lease.check();
    return this.#known;
  }

  view(watched: readonly Span[] = []): View {
    const view = this.#views.open(this.#known, this.#issued, watched);
    const settle = async () => {
      await this.#probe.probe();
      this.#lease.check();
      return this.#views.settle(view, this.#known);
    };
    let settled: Promise<State> | undefined;
    const state = () => {
      settled ??= settle().catch((error: unknown) => {
        // The next call probes again.
        settled = undefined;
        throw error;
      });
      return settled;
    };
    state().catch(() => undefined);
    const commit = async (edits: readonly Edit[]) => {
      // No `await` if the view has its state: commits of one turn keep the order of their calls.
      if (view.state === undefined) await state();
      return this.#commit(edits, view);
    };
    return { state, commit, release: () => this.#views.release(view) };
  }

  commit(edits: readonly Edit[]): Promise<Committed | undefined> {
    return this.#commit(edits);
  }

  async #commit(edits: readonly Edit[], condition?: OpenView): Promise<Committed | undefined> {
    if (this.#isClosed) throw new ClusterError('SSTITCH_STORE_CLOSED', 'the store is closed');
    this.#lease.check();
    this.#issued += 1;
    const committed = this.#queue.add(edits, this.#issued, condition);
    this.#committing ??= this.#commitAll();
    return committed;
  }

  join(): Promise<void> {
    this.#joined ??= this.commit([{ type: 'join' }]).then(
      () => undefined,
      (error: unknown) => {
        this.#joined = undefined;
        // The outcome of the join is unknown, but not that of the caller's commit: none of it has been sent.
        throw isUnknown(error) ? unavailable(error) : error;
      },
    );
    return this.#joined;
  }

  checkLease(): void {
    this.#lease.check();
  }

  onOwnSlot(listener: (slot: number) => void): void {
    this.#onOwnSlot = listener;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#committing;
    this.#withdrawAnnouncement();
    await this.#announcing;
    await this.#lease.end();
  }

  /** Applies what the log has beyond the known state. */
  async #catchUp(strength: ReadStrength): Promise<void> {
    for (let isEnd = false; !isEnd; ) {
      const read = await this.#reader.readAfter(this.#known.slot, strength);
      for (const { slot, record } of read.slots) this.#apply(slot, record);
      isEnd = read.isEnd;
    }
  }

  /** Advances the known state by a slot, unless it contains the slot. */
  #apply(slot: number, bytes: Uint8Array): void {
    if (slot <= this.#known.slot) return;
    const before = this.#known;
    const record = decodeRecord(bytes);
    const { state, outcomes } = applyRecord(before, slot, record);
    for (const { id } of record.groups) {
      const issue = this.#queue.lastIssueOf(id);
      if (issue !== undefined) this.#views.beforeOwnCommit(issue, before);
    }
    this.#known = state;
    this.#reader.onApplied({ slot, record: bytes });
    for (const [index, { id, edits }] of record.groups.entries()) {
      const outcome = outcomes[index];
      if (outcome === 'applied') {
        this.#views.onApplied(edits, versionOf(slot, index), this.#queue.conditionOf(id));
      }
      if (outcome !== undefined) this.#queue.settle(id, outcome, state, this.#clock.nowMs());
    }
    if (record.groups.some(({ owner }) => owner === this.owner)) this.#onOwnSlot(slot);
  }

  /** Commits until no caller waits. Fulfils in any case: each commit has its own outcome. */
  async #commitAll(): Promise<void> {
    // The commits of one turn share a record.
    await undefined;
    let failingSinceMs: number | undefined;
    let retryMs = FIRST_RETRY_MS;
    while (this.#queue.isAwaited) {
      try {
        await this.#commitOnce();
        failingSinceMs = undefined;
        retryMs = FIRST_RETRY_MS;
      } catch (error) {
        const nowMs = this.#clock.nowMs();
        failingSinceMs ??= nowMs;
        if (isFinal(error) || nowMs - failingSinceMs >= this.#commitTimeoutMs) {
          this.#queue.fail(error, this.#known.slot);
        } else {
          await this.#clock.sleep(retryMs);
          retryMs = Math.min(2 * retryMs, MAX_RETRY_MS);
        }
      }
    }
    this.#committing = undefined;
    if (this.#queue.isEmpty) this.#withdrawAnnouncement();
  }

  /** Appends one record, and learns what became of it. */
  async #commitOnce(): Promise<void> {
    this.#lease.check();
    this.#reader.checkLog();
    if (this.#isUnsure) {
      await this.#catchUp('serial');
      this.#isUnsure = false;
    }
    // From the last look at the conditions on, nothing is awaited until the record is appended.
    for (let view = this.#queue.suspecting; view !== undefined; view = this.#queue.suspecting) {
      await this.#views.clearSuspect(view, this.#holdsKeysIn);
    }
    const state = this.#known;
    const patientMs = this.#clock.nowMs() - this.#commitTimeoutMs;
    this.#queue.dropConflicting(state.slot, patientMs, (view) => this.#views.isChanged(view));
    if (!this.#queue.isAwaited) return;
    const slot = state.slot + 1;
    const others = groupsToOffer(this.#announcements, this.owner, state);
    const own = this.#queue.offer(state);
    const record = assembleRecord(own, others, this.#wasLeftOut || this.#queue.startsConditionally);
    this.#wasLeftOut = record.own === 0;
    const ids = this.#queue.markSent(record.own, this.#clock.nowMs());
    this.#announce(state);
    this.#readAnnouncements();
    const outcome = await this.#append(slot, record.bytes);
    switch (outcome.outcome) {
      case 'applied':
        this.#apply(slot, record.bytes);
        break;
      case 'lost':
        this.#queue.markLost(ids);
        await this.#catchUp('quorum');
        // The winner's append may not be acknowledged yet.
        this.#isUnsure = this.#known.slot < slot;
        break;
      case 'unknown':
        this.#queue.markUnknown(ids, slot);
        this.#isUnsure = true;
        throw unavailable(outcome.cause);
    }
  }

  async #append(slot: number, record: Uint8Array): Promise<AppendOutcome> {
    try {
      return await this.#port.appendSlot(slot, record);
    } catch (cause) {
      if (isRefusal(cause)) throw cause;
      return { outcome: 'unknown', cause };
    }
  }

  /** Runs beside an append, which it does not delay. */
  #readAnnouncements(): void {
    this.#port.readAnnouncements().then(
      (announcements) => {
        this.#announcements = announcements;
      },
      () => undefined,
    );
  }

  /** Also runs beside an append. */
  #announce(state: State): void {
    const group = this.#queue.toAnnounce(state);
    if (group === undefined) return;
    this.#isAnnounced = true;
    this.#announcing = this.#announcing.then(() =>
      this.#port.writeAnnouncement({ owner: this.owner, group }).catch(() => undefined),
    );
  }

  #withdrawAnnouncement(): void {
    if (!this.#isAnnounced) return;
    this.#isAnnounced = false;
    this.#announcing = this.#announcing.then(() =>
      this.#port.deleteAnnouncement(this.owner).catch(() => undefined),
    );
  }
}
