import { describe, expect, it } from 'vitest';
import { garbageBytes, isGarbageDue } from './garbage.js';

const KIB = 1024;

describe('garbage of syncs', () => {
  it('is the size of the tables of the base beyond that of the source', () => {
    const bytes = { baseTableBytes: 50 * KIB, sourceTableBytes: 10 * KIB, liveBytes: 20 * KIB };
    expect(garbageBytes(bytes)).toBe(40 * KIB);
    expect(garbageBytes({ ...bytes, baseTableBytes: 8 * KIB })).toBe(0);
  });

  it('is estimated by the live entries if they are in the memtable of the source', () => {
    const bytes = { baseTableBytes: 50 * KIB, sourceTableBytes: 0, liveBytes: 30 * KIB };
    expect(garbageBytes(bytes)).toBe(40 * KIB);
  });

  it('is due if it exceeds the live data and 32 KiB', () => {
    const live = { sourceTableBytes: 40 * KIB, liveBytes: 0 };
    expect(isGarbageDue({ ...live, baseTableBytes: 80 * KIB })).toBe(false);
    expect(isGarbageDue({ ...live, baseTableBytes: 81 * KIB })).toBe(true);
    const small = { sourceTableBytes: KIB, liveBytes: 0 };
    expect(isGarbageDue({ ...small, baseTableBytes: 33 * KIB })).toBe(false);
    expect(isGarbageDue({ ...small, baseTableBytes: 34 * KIB })).toBe(true);
  });

  it('is never due if the tables are empty', () => {
    expect(isGarbageDue({ baseTableBytes: 0, sourceTableBytes: 0, liveBytes: 100 * KIB })).toBe(
      false,
    );
  });
});
