// What this process wants committed. Commits that only write and wait together become one group, since a state keeps
// the id of each group for a while; every other commit is a group of its own.
import { ClusterError } from '../errors.js';
import { EDITS_PER_SLOT, type Edit, MAX_GROUP_AGE_SLOTS } from '../log/edits.js';
import {
  type EncodedEdits,
  encodeEdits,
  encodeGroupOf,
  joinEdits,
  SHARED_GROUP_EDITS_BYTES,
} from '../log/record-format.js';
import type { GroupOutcome, State } from '../state/state.js';
import type { OfferedGroup } from './assemble-record.js';
import type { Committed } from './log-client.js';

/** A commit() that waits. */
interface Caller {
  resolve(committed: Committed | undefined): void;
  reject(error: unknown): void;
}

/** A group that is not committed yet, as far as this process knows. Its id and edits never change once it was sent. */
interface PendingGroup {
  readonly id: string;
  /** Empty once the callers know that the outcome is unknown. */
  readonly callers: Caller[];
  /** The edits of each commit, in order. */
  readonly parts: EncodedEdits[];
  editCount: number;
  editBytes: number;
  /** Whether it may take further commits: it only writes. */
  readonly onlyWrites: boolean;
  /** The number of its last commit, in the order of issue. */
  lastIssue: number;
  /** When it was first sent; undefined before. */
  sentMs: number | undefined;
  /** Whether it lost a slot to another process. */
  hasLost: boolean;
  /** The base of its announced copy; undefined if it was not announced. */
  announcedBase: number | undefined;
  /** The slot of an append whose outcome is unknown. */
  unknownSlot: number | undefined;
}

export class GroupQueue {
  readonly #owner: string;
  readonly #newId: () => string;
  #groups: PendingGroup[] = [];

  constructor(owner: string, newId: () => string) {
    this.#owner = owner;
    this.#newId = newId;
  }

  get isEmpty(): boolean {
    return this.#groups.length === 0;
  }

  /** Whether a commit() waits. */
  get isAwaited(): boolean {
    return this.#groups.some((group) => group.callers.length > 0);
  }

  /**
   * Adds a commit. `issue` is its number.
   *
   * @throws ClusterError SSTITCH_TOO_LARGE
   */
  async add(edits: readonly Edit[], issue: number): Promise<Committed | undefined> {
    const encoded = encodeEdits(edits);
    const onlyWrites = edits.every((edit) => edit.type === 'write');
    return new Promise((resolve, reject) => {
      const caller = { resolve, reject };
      const last = this.#groups.at(-1);
      if (last?.onlyWrites && last.sentMs === undefined && onlyWrites) {
        const editCount = last.editCount + encoded.count;
        const editBytes = last.editBytes + encoded.bytes.byteLength;
        if (editCount <= EDITS_PER_SLOT && editBytes <= SHARED_GROUP_EDITS_BYTES) {
          last.parts.push(encoded);
          last.editCount = editCount;
          last.editBytes = editBytes;
          last.lastIssue = issue;
          last.callers.push(caller);
          return;
        }
      }
      this.#groups.push({
        id: this.#newId(),
        callers: [caller],
        parts: [encoded],
        editCount: encoded.count,
        editBytes: encoded.bytes.byteLength,
        onlyWrites,
        lastIssue: issue,
        sentMs: undefined,
        hasLost: false,
        announcedBase: undefined,
        unknownSlot: undefined,
      });
    });
  }

  /** The groups, in order, encoded on top of a state. */
  offer(state: State): OfferedGroup[] {
    return this.#groups.map((group) => ({
      bytes: this.#encode(group, state),
      edits: group.editCount,
    }));
  }

  /** The ids of the first groups, which are now sent for the slot after `state`. */
  markSent(count: number, nowMs: number): string[] {
    return this.#groups.slice(0, count).map((group) => {
      group.sentMs ??= nowMs;
      return group.id;
    });
  }

  /** An append with these groups lost its slot. */
  markLost(ids: readonly string[]): void {
    for (const group of this.#having(ids)) group.hasLost = true;
  }

  /** An append with these groups may be applied to `slot` later, as long as the slot is free. */
  markUnknown(ids: readonly string[], slot: number): void {
    for (const group of this.#having(ids)) group.unknownSlot = slot;
  }

  /** The group to announce now: the first, if it lost a slot and is not announced, or long ago. */
  toAnnounce(state: State): Uint8Array | undefined {
    const group = this.#groups[0];
    if (!group?.hasLost) return undefined;
    const { announcedBase } = group;
    const isFresh =
      announcedBase !== undefined && state.slot - announcedBase < MAX_GROUP_AGE_SLOTS / 2;
    if (isFresh) return undefined;
    group.announcedBase = state.slot;
    return this.#encode(group, state);
  }

  /** The number of a group's last commit; undefined if it is not of this queue, or settled. */
  lastIssueOf(id: string): number | undefined {
    return this.#groups.find((group) => group.id === id)?.lastIssue;
  }

  /** Settles the commits of a group that a record had. */
  settle(id: string, outcome: GroupOutcome, state: State, nowMs: number): void {
    const group = this.#groups.find((one) => one.id === id);
    // An old copy is void; the group can be appended again.
    if (group === undefined || outcome === 'too-old') return;
    this.#groups = this.#groups.filter((one) => one !== group);
    for (const caller of group.callers) {
      switch (outcome) {
        case 'applied':
        case 'repeated': {
          const durationMs = nowMs - (group.sentMs ?? nowMs);
          caller.resolve({ slot: state.slot, state, durationMs });
          break;
        }
        case 'outdated':
          caller.resolve(undefined);
          break;
        case 'owner-not-joined': {
          const message =
            'the commit was aborted, because other processes counted this one as dead; it can be repeated once the store is reopened';
          caller.reject(new ClusterError('SSTITCH_LOAD_ABORTED', message));
          break;
        }
      }
    }
  }

  /**
   * Rejects every commit because of an error. Groups that were certainly not committed are gone; the others stay,
   * without callers, until a record has them.
   */
  fail(cause: unknown, knownSlot: number): void {
    this.#groups = this.#groups.filter((group) => {
      const mayBeApplied =
        group.announcedBase !== undefined ||
        (group.unknownSlot !== undefined && group.unknownSlot > knownSlot);
      for (const caller of group.callers.splice(0)) {
        caller.reject(mayBeApplied ? commitUnknown(cause) : cause);
      }
      return mayBeApplied;
    });
  }

  #having(ids: readonly string[]): PendingGroup[] {
    return this.#groups.filter((group) => ids.includes(group.id));
  }

  #encode(group: PendingGroup, state: State): Uint8Array {
    const { id, parts } = group;
    return encodeGroupOf({ id, owner: this.#owner, base: state.slot }, joinEdits(parts));
  }
}

function commitUnknown(cause: unknown): ClusterError {
  const message =
    'it is unknown whether the commit took effect; the next commit settles that first';
  return new ClusterError('SSTITCH_COMMIT_UNKNOWN', message, { cause });
}
