import { EDITS_PER_SLOT, MAX_GROUP_AGE_SLOTS } from '../log/edits.js';
import {
  decodeGroup,
  encodeRecordOf,
  GROUP_LENGTH_BYTES,
  SHARED_GROUPS_BYTES,
} from '../log/record-format.js';
import type { Announcement } from '../port.js';
import type { State } from '../state/state.js';

/** A group as it goes into a record. */
export interface OfferedGroup {
  readonly bytes: Uint8Array;
  readonly edits: number;
}

export interface AssembledRecord {
  readonly bytes: Uint8Array;
  /** How many of the own groups are in it: the first ones. */
  readonly own: number;
}

/**
 * A record with at least one group, and as many as it can hold: the announced ones, then the process's own, in order; or the first own
 * group before all others.
 */
export function assembleRecord(
  own: readonly OfferedGroup[],
  announced: readonly OfferedGroup[],
  isOwnFirst: boolean,
): AssembledRecord {
  const groups: Uint8Array[] = [];
  let bytes = 0;
  let edits = 0;
  const take = (group: OfferedGroup): boolean => {
    const bytesThen = bytes + group.bytes.byteLength + GROUP_LENGTH_BYTES;
    const editsThen = edits + group.edits;
    if (groups.length > 0 && bytesThen > SHARED_GROUPS_BYTES) return false;
    if (editsThen > EDITS_PER_SLOT) return false;
    bytes = bytesThen;
    edits = editsThen;
    groups.push(group.bytes);
    return true;
  };
  let taken = 0;
  const takeOwn = (limit: number) => {
    for (; taken < limit; taken += 1) {
      const group = own[taken];
      if (group === undefined || !take(group)) return;
    }
  };
  if (isOwnFirst) takeOwn(1);
  for (const group of announced) take(group);
  takeOwn(own.length);
  return { bytes: encodeRecordOf(groups), own: taken };
}

/** The announced groups of others that a record after `state` can apply. */
export function groupsToOffer(
  announcements: readonly Announcement[],
  owner: string,
  state: State,
): OfferedGroup[] {
  return announcements.flatMap(({ owner: announcer, group: bytes }) => {
    if (announcer === owner) return [];
    try {
      const group = decodeGroup(bytes);
      const isKnown = state.recentGroups.has(group.id);
      const isTooOld = state.slot + 1 - group.base > MAX_GROUP_AGE_SLOTS;
      return isKnown || isTooOld ? [] : [{ bytes, edits: group.edits.length }];
    } catch {
      // Leave a damaged announcement, or one of a newer version, to other processes.
      return [];
    }
  });
}
