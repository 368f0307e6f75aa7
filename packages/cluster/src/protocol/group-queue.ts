// What this process wants committed. Commits that only write and wait together become one group, since a state keeps
// the id of each group for a while; every other commit is a group of its own. A conditional group is the first of its
// record, and is not announced: it is committed just after the state in which this process saw that its condition holds.
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
import type { OpenView } from './open-views.js';

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
  /** Whether it may take further commits: it only writes, without a condition. */
  readonly onlyWrites: boolean;
  /** The view on whose spans it depends. */
  readonly condition: OpenView | undefined;
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

  /** A view on which a waiting commit depends, and whose spans may have changed: it still has suspects to read. */
  get suspecting(): OpenView | undefined {
    return this.#groups.find(
      ({ condition, callers }) => callers.length > 0 && (condition?.suspects.length ?? 0) > 0,
    )?.condition;
  }

  /** Whether the first group is conditional: it has to be the first of its record. */
  get startsConditionally(): boolean {
    return this.#groups[0]?.condition !== undefined;
  }

  /**
   * Adds a commit. `issue` is its number.
   *
   * @throws ClusterError SSTITCH_TOO_LARGE
   */
  async add(
    edits: readonly Edit[],
    issue: number,
    condition?: OpenView,
  ): Promise<Committed | undefined> {
    const encoded = encodeEdits(edits);
    const onlyWrites = condition === undefined && edits.every((edit) => edit.type === 'write');
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
        condition,
        lastIssue: issue,
        sentMs: undefined,
        hasLost: false,
        announcedBase: undefined,
        unknownSlot: undefined,
      });
    });
  }

  /** The groups up to the next conditional one, in order, encoded on top of a state. */
  offer(state: State): OfferedGroup[] {
    const next = this.#groups.findIndex(({ condition }, at) => at > 0 && condition !== undefined);
    const offered = next < 0 ? this.#groups : this.#groups.slice(0, next);
    return offered.map((group) => ({
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

  /**
   * The group to announce now: the first, if it lost a slot, and was never announced or was announced long ago. A
   * conditional group is never announced: only this process knows whether its condition holds.
   */
  toAnnounce(state: State): Uint8Array | undefined {
    const group = this.#groups[0];
    if (!group?.hasLost || group.condition !== undefined) return undefined;
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

  /** The view on which a group depends; undefined if there is none, or if the group is not of this queue. */
  conditionOf(id: string): OpenView | undefined {
    return this.#groups.find((group) => group.id === id)?.condition;
  }

  /**
   * Rejects the conditional commits that `isChanged` says cannot take effect, and those that have lost every slot since
   * `patientMs`. Commits without callers have no view: they leave the queue when the slot for which they were sent is
   * filled.
   */
  dropConflicting(
    knownSlot: number,
    patientMs: number,
    isChanged: (condition: OpenView) => boolean,
  ): void {
    this.#groups = this.#groups.filter((group) => {
      const { condition, callers, unknownSlot = 0, sentMs = patientMs } = group;
      if (condition === undefined) return true;
      const isOpen = unknownSlot > knownSlot;
      if (callers.length === 0) return isOpen;
      if (!isChanged(condition) && (isOpen || sentMs >= patientMs)) return true;
      for (const caller of callers) caller.reject(conflict());
      return false;
    });
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

function conflict(): ClusterError {
  const message =
    'other processes wrote what the commit depends on, or were faster each time: it changed nothing; read again and repeat it';
  return new ClusterError('SSTITCH_COMMIT_CONFLICT', message);
}

function commitUnknown(cause: unknown): ClusterError {
  const message =
    'it is unknown whether the commit took effect; the next commit settles that first';
  return new ClusterError('SSTITCH_COMMIT_UNKNOWN', message, { cause });
}
