import { describe, expect, it } from 'vitest';
import { garbageBytes, isGarbageDue } from './garbage.js';

const KIB = 1024;

describe('garbage of syncs', () => {
  it('is what the tables of the base take beyond those of the source', () => {
    const bytes = { baseTableBytes: 50 * KIB, sourceTableBytes: 10 * KIB, liveBytes: 20 * KIB };
    expect(garbageBytes(bytes)).toBe(40 * KIB);
    expect(garbageBytes({ ...bytes, baseTableBytes: 8 * KIB })).toBe(0);
  });

  it('is told by the live entries where the source has them in its memtable', () => {
    const bytes = { baseTableBytes: 50 * KIB, sourceTableBytes: 0, liveBytes: 30 * KIB };
    expect(garbageBytes(bytes)).toBe(40 * KIB);
  });

  it('is due where it is more than what is live, and more than 32 KiB', () => {
    const live = { sourceTableBytes: 40 * KIB, liveBytes: 0 };
    expect(isGarbageDue({ ...live, baseTableBytes: 80 * KIB })).toBe(false);
    expect(isGarbageDue({ ...live, baseTableBytes: 81 * KIB })).toBe(true);
    const small = { sourceTableBytes: KIB, liveBytes: 0 };
    expect(isGarbageDue({ ...small, baseTableBytes: 33 * KIB })).toBe(false);
    expect(isGarbageDue({ ...small, baseTableBytes: 34 * KIB })).toBe(true);
  });

  it('is never due where nothing is in tables', () => {
    expect(isGarbageDue({ baseTableBytes: 0, sourceTableBytes: 0, liveBytes: 100 * KIB })).toBe(
      false,
    );
  });
});
