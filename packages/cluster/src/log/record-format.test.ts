import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { groups, records } from '../../test/log-arbitraries.js';
import { ClusterError } from '../errors.js';
import type { Edit, LogRecord } from './edits.js';
import { MAX_RECORD_BYTES } from './edits.js';
import {
  decodeGroup,
  decodeRecord,
  encodeEdits,
  encodeGroup,
  encodeGroupOf,
  encodeRecord,
  encodeRecordOf,
  MAX_GROUP_EDITS_BYTES,
} from './record-format.js';

const id = '01234567-89ab-cdef-0123-456789abcdef';
const owner = 'ffeeddcc-bbaa-9988-7766-554433221100';

/** Decodes; a ClusterError SSTITCH_CLUSTER_CORRUPT counts as an answer, and everything else fails the test. */
function decodeAnything(decode: (bytes: Uint8Array) => unknown, bytes: Uint8Array): boolean {
  try {
    decode(bytes);
    return true;
  } catch (error) {
    expect(error).toBeInstanceOf(ClusterError);
    expect((error as ClusterError).code).toBe('SSTITCH_CLUSTER_CORRUPT');
    return false;
  }
}

describe('a record of the log', () => {
  it('decodes to what was encoded', () => {
    fc.assert(
      fc.property(records, (record) => {
        expect(decodeRecord(encodeRecord(record))).toEqual(record);
      }),
    );
  });

  it('has the layout that the format file states', () => {
    const record: LogRecord = {
      groups: [
        {
          id,
          owner,
          base: 300,
          edits: [
            {
              type: 'write',
              operations: [
                { type: 'put', key: Uint8Array.of(1), value: Uint8Array.of(2, 3) },
                { type: 'del', key: Uint8Array.of(4) },
              ],
            },
            {
              type: 'replace',
              spans: [{ start: Uint8Array.of(5), end: undefined }],
              run: undefined,
            },
            {
              type: 'fold',
              span: { start: Uint8Array.of(), end: Uint8Array.of(6) },
              run: 'kept',
              to: 7,
            },
            { type: 'join' },
          ],
        },
      ],
    };
    const group =
      `01${id.replaceAll('-', '')}${owner.replaceAll('-', '')}ac0204` +
      '010201010102020300010403010105000005000101060207' +
      '07';
    const length = (group.length / 2).toString(16);
    expect(Buffer.from(encodeRecord(record)).toString('hex')).toBe(`0101${length}${group}`);
  });

  it('takes groups as they were announced', () => {
    fc.assert(
      fc.property(fc.array(groups, { maxLength: 4 }), (announced) => {
        const record = decodeRecord(encodeRecordOf(announced.map(encodeGroup)));
        expect(record).toEqual({ groups: announced });
      }),
    );
  });

  it('is refused, and nothing worse, whatever its bytes are', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        decodeAnything(decodeRecord, bytes);
        decodeAnything(decodeRecord, Uint8Array.of(1, ...bytes));
        decodeAnything(decodeGroup, Uint8Array.of(1, ...bytes));
      }),
      { numRuns: 2000 },
    );
  });

  it('is refused when it is cut anywhere or a byte follows', () => {
    fc.assert(
      fc.property(
        records,
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (record, at) => {
          const bytes = encodeRecord(record);
          const cut = bytes.subarray(0, Math.floor(at * bytes.byteLength));
          expect(decodeAnything(decodeRecord, cut)).toBe(false);
          expect(decodeAnything(decodeRecord, Uint8Array.of(...bytes, 0))).toBe(false);
        },
      ),
    );
  });

  it('is refused, and nothing worse, when a byte of it changed', () => {
    fc.assert(
      fc.property(records, fc.nat(), fc.integer({ min: 1, max: 255 }), (record, at, change) => {
        const bytes = encodeRecord(record);
        const place = at % bytes.byteLength;
        bytes[place] = (bytes[place] ?? 0) ^ change;
        decodeAnything(decodeRecord, bytes);
      }),
    );
  });

  it('of another version is refused with both versions in the message', () => {
    expect(() => decodeRecord(Uint8Array.of(2, 0))).toThrow(
      /version 2, .* reads version 1: use the release/,
    );
  });

  it('holds a group of the largest edits, and larger ones are refused', () => {
    const editOf = (valueBytes: number): Edit => ({
      type: 'write',
      operations: [{ type: 'put', key: Uint8Array.of(1), value: new Uint8Array(valueBytes) }],
    });
    const overhead = encodeEdits([editOf(60_000)]).bytes.byteLength - 60_000;
    const largest = encodeEdits([editOf(MAX_GROUP_EDITS_BYTES - overhead)]);
    const group = encodeGroupOf({ id, owner, base: 2 ** 52 }, largest);
    expect(encodeRecordOf([group]).byteLength).toBeLessThanOrEqual(MAX_RECORD_BYTES);
    expect(() => encodeEdits([editOf(MAX_GROUP_EDITS_BYTES - overhead + 1)])).toThrow(
      expect.objectContaining({ code: 'SSTITCH_TOO_LARGE' }),
    );
  });

  it('keeps its own copy of keys and values', () => {
    const key = Uint8Array.of(1);
    const edits = encodeEdits([{ type: 'write', operations: [{ type: 'del', key }] }]);
    key[0] = 9;
    const decoded = decodeGroup(encodeGroupOf({ id, owner, base: 0 }, edits));
    expect(decoded.edits).toEqual([
      { type: 'write', operations: [{ type: 'del', key: Uint8Array.of(1) }] },
    ]);
  });
});
