import { syncIdTime } from '@sstitch/keys';
import { describe, expect, it } from 'vitest';
import { chooseSyncs, isSyncReference, type SyncChoice } from './sync-reference.js';

const at = (hour: number) => new Date(Date.UTC(2026, 0, 1, hour));
const A = '36yqJNYLYtJ06kZtdmSQFABV6hu';
const B = '36yxbmUWmCcnPmXGbkysgThLv5Q';
const C = '36z4u546iOmwOxLzx7gAvty4Uch';
/** C started last and is still running; A finished last. */
const SYNCS: readonly SyncChoice[] = [
  { syncId: A, startedAt: at(1), endedAt: at(9) },
  { syncId: B, startedAt: at(2), endedAt: at(3) },
  { syncId: C, startedAt: at(4) },
];

const choose = (...references: string[]) => chooseSyncs(references, SYNCS, 'base');

describe('a sync', () => {
  it.each([
    [A, A],
    ['36yx', B],
    ['36z', C],
    ['latest', C],
    ['@1', C],
    ['@2', B],
    ['@3', A],
    ['latest-finished', A],
  ])('is found by %s', (reference, syncId) => {
    expect(isSyncReference(reference)).toBe(true);
    expect(choose(reference)).toEqual([syncId]);
  });

  it('is named by its whole id, whether or not such a sync exists', () => {
    const absent = '36zfOAoWMxQdISbixanQCRBiX7E';
    expect(chooseSyncs([absent], [], 'base')).toEqual([absent]);
  });

  it.each(['', '@', '@0', '@-1', 'a b', 'a-b', '0'.repeat(28), '../base', 'latest-'])(
    'is not found by %j',
    (text) => expect(isSyncReference(text)).toBe(false),
  );

  it.each([
    ['@4', 'SSTITCH_SYNC_NOT_FOUND', 'base holds 3 syncs: there is no @4'],
    ['zz', 'SSTITCH_SYNC_NOT_FOUND', 'base holds no sync zz…'],
    ['36y', 'SSTITCH_USAGE', `2 syncs of base begin with 36y (${A}, ${B}): give more of the id`],
  ])('is refused as %s if not exactly one sync matches', (reference, code, message) => {
    expect(() => choose(reference)).toThrow(expect.objectContaining({ code, message }));
  });

  it('without times is as old as its id', () => {
    const syncs = [{ syncId: C }, { syncId: A }, { syncId: B }];
    expect(chooseSyncs(['latest', '@3'], syncs, 'base')).toEqual([C, A]);
    expect(() => chooseSyncs(['latest-finished'], syncs, 'base')).toThrow('no finished sync');
    expect(() => chooseSyncs(['latest'], [], 'base')).toThrow('base holds no syncs');
  });

  it('takes precedence over a copy, whose id was made later and may sort before it', () => {
    const copyId = '0yqJNYLYtJ06kZtdmSQFABV6huA';
    for (const [original, copy] of [[A, B] as const, [A, copyId] as const]) {
      const times = { startedAt: syncIdTime(A), endedAt: at(2) };
      const syncs = [copy, original].map((syncId) => ({ syncId, ...times }));
      for (const reference of ['latest', '@1', 'latest-finished']) {
        expect(chooseSyncs([reference], syncs, 'base')).toEqual([original]);
      }
      expect(chooseSyncs(['@2'], syncs, 'base')).toEqual([copy]);
    }
  });

  it('takes precedence over a replaced version whose id begins in the same way', () => {
    const syncs = [{ syncId: A, versionOf: B }, { syncId: B }, { syncId: C, versionOf: B }];
    expect(chooseSyncs(['36y'], syncs, 'base')).toEqual([B]);
    expect(chooseSyncs(['36z'], syncs, 'base')).toEqual([C]);
    // @N does not count replaced versions, and neither does the message.
    expect(() => chooseSyncs(['@2'], syncs, 'base')).toThrow('base holds 1 sync: there is no @2');
  });

  it('can be named only once', () => {
    expect(choose('latest', '@2')).toEqual([C, B]);
    expect(() => choose('latest', '36z')).toThrow(`sync ${C} is given twice`);
  });
});
