import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { groups } from '../../test/log-arbitraries.js';
import { EDITS_PER_SLOT, MAX_GROUP_AGE_SLOTS, SHARED_RECORD_BYTES } from '../log/edits.js';
import { decodeRecord, encodeGroup } from '../log/record-format.js';
import { EMPTY_STATE } from '../state/apply-record.js';
import { assembleRecord, groupsToOffer, type OfferedGroup } from './assemble-record.js';

/** Groups as bytes of any length: only whole records are decoded below. */
const offers: fc.Arbitrary<OfferedGroup[]> = fc.array(
  fc.record({
    bytes: fc.integer({ min: 40, max: 65_000 }).map((length) => new Uint8Array(length)),
    edits: fc.integer({ min: 1, max: 3000 }),
  }),
  { maxLength: 6 },
);

describe('assembleRecord', () => {
  it('keeps to the limits of a record', () => {
    fc.assert(
      fc.property(offers, offers, fc.boolean(), (own, announced, isOwnFirst) => {
        const record = assembleRecord(own, announced, isOwnFirst);
        expect(record.bytes.byteLength).toBeLessThanOrEqual(SHARED_RECORD_BYTES);
      }),
    );
  });

  it('holds one group that is larger than a record of several, of either kind', () => {
    const large = { bytes: new Uint8Array(1_000_000), edits: 1 };
    const small = { bytes: new Uint8Array(40), edits: 1 };
    expect(assembleRecord([large, small], [], false).own).toBe(1);
    expect(assembleRecord([large], [small], false).own).toBe(0);
    expect(assembleRecord([large], [small], true).own).toBe(1);
    expect(assembleRecord([small], [large], false).bytes.byteLength).toBeGreaterThan(1_000_000);
  });

  it('takes own groups in order, and the first of them before all others if it was left out last', () => {
    fc.assert(
      fc.property(offers, offers, (own, announced) => {
        const record = assembleRecord(own, announced, true);
        expect(record.own).toBeGreaterThanOrEqual(Math.min(1, own.length));
      }),
    );
  });

  it('holds the announced groups before the own ones', () => {
    fc.assert(
      fc.property(groups, groups, (own, announced) => {
        const offered = [own, announced].map((group) => ({
          bytes: encodeGroup(group),
          edits: group.edits.length,
        }));
        const record = assembleRecord(offered.slice(0, 1), offered.slice(1), false);
        expect(decodeRecord(record.bytes).groups).toEqual([announced, own]);
      }),
    );
  });

  it('counts the edits of all groups', () => {
    const bytes = new Uint8Array(40);
    const group = { bytes, edits: EDITS_PER_SLOT / 2 };
    expect(assembleRecord([group, group, group], [], true).own).toBe(2);
  });
});

describe('groupsToOffer', () => {
  const owner = '00000000-0000-4000-8000-000000000001';
  const other = '00000000-0000-4000-8000-000000000002';
  const group = { id: owner, owner: other, base: 0, edits: [] };

  it('offers what others announced', () => {
    const announcement = { owner: other, group: encodeGroup(group) };
    expect(groupsToOffer([announcement], owner, EMPTY_STATE)).toEqual([
      { bytes: announcement.group, edits: 0 },
    ]);
  });

  it('leaves out its own, those that the state has, old ones and damaged ones', () => {
    const bytes = encodeGroup(group);
    const known = { ...EMPTY_STATE, recentGroups: new Map([[group.id, 1]]) };
    const late = { ...EMPTY_STATE, slot: MAX_GROUP_AGE_SLOTS };
    expect(groupsToOffer([{ owner, group: bytes }], owner, EMPTY_STATE)).toEqual([]);
    expect(groupsToOffer([{ owner: other, group: bytes }], owner, known)).toEqual([]);
    expect(groupsToOffer([{ owner: other, group: bytes }], owner, late)).toEqual([]);
    const damaged = { owner: other, group: bytes.subarray(1) };
    expect(groupsToOffer([damaged], owner, EMPTY_STATE)).toEqual([]);
  });
});
