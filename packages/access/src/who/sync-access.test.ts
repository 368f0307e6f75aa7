import type { SyncRecord } from '@sstitch/records';
import { ModelEngine } from '@sstitch/testkit';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { grant, group, member, nested, SYNC, user, writeSync } from '../../test/access-records.js';
import { expandSync } from '../expand/expand-sync.js';
import type { Access, AccessPage } from './access.js';
import type { Explanation } from './explain.js';
import { PrincipalAccess } from './principal-access.js';
import { openAccess } from './sync-access.js';

async function engineOf(...records: SyncRecord[]): Promise<ModelEngine> {
  const engine = new ModelEngine();
  await writeSync(engine, records);
  return engine;
}

/** Members of staff have tools, and the vault through tools. */
async function staff(): Promise<ModelEngine> {
  return engineOf(
    ...['staff', 'tools', 'vault'].map(member),
    ...[nested('tools', 'staff'), nested('vault', 'tools')],
    ...[grant('staff', user('ann')), grant('staff', user('bob')), grant('vault', user('bob'))],
  );
}

/** Formats access as `ann vault <- tools`, with a `!` after what is direct. */
function line({ principal, entitlementId, isDirect, sources }: Access): string {
  const from = sources.map(({ entitlementId: id, isDirect: direct }) => id + (direct ? '!' : ''));
  const arrow = from.length === 0 ? '' : ` <- ${from.join(', ')}`;
  return `${principal.resourceId} ${entitlementId}${isDirect ? '!' : ''}${arrow}`;
}

async function linesOf(items: AsyncIterable<Access>): Promise<string[]> {
  const lines: string[] = [];
  for await (const item of items) lines.push(line(item));
  return lines;
}

async function pagesOf(
  read: (cursor: string | undefined) => Promise<AccessPage>,
): Promise<string[][]> {
  const pages: string[][] = [];
  for (let cursor: string | undefined, isFirst = true; isFirst || cursor !== undefined; ) {
    isFirst = false;
    const page = await read(cursor);
    pages.push(page.items.map(line));
    cursor = page.next;
  }
  return pages;
}

function pathsOf(explanation: Explanation | undefined): string[] | undefined {
  return explanation?.paths.map((path) =>
    path
      .map(
        ({ entitlementId, linkGrantId }) =>
          (linkGrantId ? `(${linkGrantId}) ` : '') + entitlementId,
      )
      .join(' > '),
  );
}

describe.each(['before', 'after'])('%s expansion', (when) => {
  async function open(engine: ModelEngine) {
    if (when === 'after') await expandSync(engine, SYNC);
    return openAccess(engine, SYNC);
  }

  it('lists what a principal has, directly and through what', async () => {
    const access = await open(await staff());
    expect((await linesOf(access.accessOf(user('ann')))).sort()).toEqual([
      'ann staff!',
      'ann tools <- staff!',
      'ann vault <- tools',
    ]);
    expect((await linesOf(access.accessOf(user('bob')))).sort()).toEqual([
      'bob staff!',
      'bob tools <- staff!',
      'bob vault! <- tools',
    ]);
    expect(await linesOf(access.accessOf(user('nobody')))).toEqual([]);
  });

  it('lists who has an entitlement, in the order of principals', async () => {
    const access = await open(await staff());
    expect(await linesOf(access.holders({ entitlementId: 'vault' }))).toEqual([
      'staff vault <- tools!',
      'tools vault!',
      'ann vault <- tools',
      'bob vault! <- tools',
    ]);
  });

  it('lists who has an entitlement of a resource', async () => {
    const access = await open(await staff());
    expect(await linesOf(access.holders({ resource: group('tools') }))).toEqual([
      'staff tools!',
      'ann tools <- staff!',
      'bob tools <- staff!',
    ]);
    expect(await linesOf(access.holders({ resource: group('nothing') }))).toEqual([]);
  });

  it('lists who has an entitlement that only grants name', async () => {
    const access = await open(await engineOf(member('a'), grant('bare', user('ann'))));
    expect(await linesOf(access.holders({ entitlementId: 'bare' }))).toEqual(['ann bare!']);
  });

  it('lists in pages, by cursors', async () => {
    const access = await open(await staff());
    const holders = await pagesOf((cursor) =>
      access.holdersPage({ entitlementId: 'vault' }, { limit: 3, cursor }),
    );
    expect(holders.map((page) => page.length)).toEqual([3, 1]);
    expect(holders.flat()).toEqual(await linesOf(access.holders({ entitlementId: 'vault' })));
    for (const limit of [1, 2, 3]) {
      const pages = await pagesOf((cursor) => access.accessPage(user('ann'), { limit, cursor }));
      expect(pages.flat()).toEqual(await linesOf(access.accessOf(user('ann'))));
      expect(pages.every((page) => page.length <= limit)).toBe(true);
    }
  });

  it('explains access by its paths, shortest first, with the grants between steps', async () => {
    const access = await open(await staff());
    expect(pathsOf(await access.explain(user('ann'), 'vault'))).toEqual([
      'staff > (tools:group:staff) tools > (vault:group:tools) vault',
    ]);
    expect(pathsOf(await access.explain(user('bob'), 'vault'))).toEqual([
      'vault',
      'staff > (tools:group:staff) tools > (vault:group:tools) vault',
    ]);
    expect(await access.explain(user('ann'), 'vault', { maxPaths: 1 })).toMatchObject({
      hasMore: false,
    });
    expect(await access.explain(user('bob'), 'vault', { maxPaths: 1 })).toMatchObject({
      hasMore: true,
    });
    expect(await access.explain(user('cid'), 'vault')).toBeUndefined();
  });

  it('explains no access by a path that a shallow expansion does not pass', async () => {
    const access = await open(
      await engineOf(
        ...['a', 'b', 'c'].map(member),
        ...[nested('b', 'a'), nested('c', 'b', { shallow: true })],
        ...[grant('a', user('ann')), grant('b', user('ann')), grant('a', user('bob'))],
      ),
    );
    // Without the grant of b, ann would have no c, as bob has none.
    expect(await access.explain(user('bob'), 'c')).toBeUndefined();
    expect(await access.explain(user('ann'), 'c')).toMatchObject({ hasMore: false });
    expect(pathsOf(await access.explain(user('ann'), 'c'))).toEqual(['b > (c:group:b) c']);
    expect(pathsOf(await access.explain(user('ann'), 'b'))).toEqual(['b', 'a > (b:group:a) b']);
  });

  it('names, of several grants that expand to one entitlement, one that passes the access', async () => {
    const access = await open(
      await engineOf(
        ...['a', 'b', 'c'].map(member),
        nested('b', 'a'),
        grant('b', user('ann')),
        grant('a', user('ann')),
        grant('c', group('b'), { id: '1', from: ['b'], types: ['service'] }),
        grant('c', group('b'), { id: '2', from: ['b'], shallow: true, types: ['user'] }),
        grant('c', group('b'), { id: '3', from: ['b'], types: ['user'] }),
      ),
    );
    expect(pathsOf(await access.explain(user('ann'), 'c'))).toEqual([
      'b > (2) c',
      'a > (b:group:a) b > (3) c',
    ]);
  });

  it('explains one of millions of paths at once', async () => {
    const levels = 24;
    const records: SyncRecord[] = [member('0a'), member('0b')];
    for (let level = 1; level <= levels; level++) {
      for (const side of ['a', 'b']) {
        records.push(member(`${level}${side}`));
        for (const from of ['a', 'b'])
          records.push(nested(`${level}${side}`, `${level - 1}${from}`));
      }
    }
    const access = await open(await engineOf(...records, grant('0a', user('ann'))));
    const explanation = await access.explain(user('ann'), `${levels}a`, { maxPaths: 5 });
    expect(explanation?.paths.map(({ length }) => length)).toEqual(new Array(5).fill(levels + 1));
    expect(explanation?.hasMore).toBe(true);
  });
});

describe('openAccess', () => {
  it('reads the state at its opening', async () => {
    const engine = await staff();
    const access = await openAccess(engine, SYNC);
    const before = await linesOf(access.accessOf(user('ann')));
    await expandSync(engine, SYNC);
    expect(await linesOf(access.accessOf(user('ann')))).toEqual(before);
    await access.close();
  });

  it('explains grants by their stored sources if no grant expands any more', async () => {
    const engine = await engineOf(
      ...['a', 'b', 'c'].map(member),
      ...[grant('a', user('ann')), grant('b', user('ann'), { sources: { a: true } })],
      grant('c', user('ann'), { sources: { b: false, gone: false } }),
    );
    const access = await openAccess(engine, SYNC);
    expect(pathsOf(await access.explain(user('ann'), 'c'))).toEqual(['a > b > c']);
  });

  it('explains access whose sources form a cycle', async () => {
    const engine = await engineOf(
      ...['a', 'b'].map(member),
      ...[
        grant('a', user('ann'), { sources: { b: false } }),
        grant('b', user('ann'), { sources: { a: false } }),
      ],
    );
    const access = await openAccess(engine, SYNC);
    expect(await access.explain(user('ann'), 'a')).toMatchObject({ paths: [], hasMore: false });
  });

  it('skips a grant that expands to the entitlement of another resource, and reports it', async () => {
    const engine = await engineOf(
      ...[
        member('a'),
        member('b'),
        grant('b', group('c'), { from: ['a'] }),
        grant('a', user('ann')),
      ],
    );
    const access = await openAccess(engine, SYNC);
    expect(await linesOf(access.accessOf(user('ann')))).toEqual(['ann a!']);
    expect(access.skipped).toMatchObject({ mismatched: 1, examples: ['a'] });
  });

  it('refuses a missing entitlement, a graph over the limit, and other cursors', async () => {
    const engine = await staff();
    const access = await openAccess(engine, SYNC, { maxEntitlements: 2 });
    const holders = (entitlementId: string, cursor?: string) =>
      access.holdersPage({ entitlementId }, { cursor });
    await expect(holders('nothing')).rejects.toMatchObject({
      code: 'SSTITCH_ENTITLEMENT_NOT_FOUND',
      entitlementId: 'nothing',
    });
    await expect(holders('vault')).rejects.toMatchObject({ code: 'SSTITCH_GRAPH_TOO_LARGE' });
    const { next } = await access.accessPage(user('ann'), { limit: 1 });
    for (const cursor of [next, 'x', '', Buffer.from('["holder"]').toString('base64url')]) {
      await expect(holders('tools', cursor)).rejects.toMatchObject({
        code: 'SSTITCH_CURSOR_INVALID',
      });
    }
    await expect(access.accessPage(user('ann'), { limit: 0 })).rejects.toMatchObject({
      code: 'SSTITCH_OPTION_INVALID',
      message: 'limit must be an integer of at least 1, not 0',
    });
  });

  it('evaluates for each holder of a resource only the entitlements that it has', async () => {
    const ids = Array.from({ length: 40 }, (_, at) => `e${at}`);
    const engine = await engineOf(
      ...ids.map((externalId) => ({ ...member('team'), externalId }) as SyncRecord),
      ...ids.map((id) => grant(id, user(`of ${id}`))),
    );
    const access = await openAccess(engine, SYNC);
    const asked = vi.spyOn(PrincipalAccess.prototype, 'to');
    onTestFinished(() => asked.mockRestore());
    expect(await linesOf(access.holders({ resource: group('team') }))).toHaveLength(ids.length);
    expect(asked).toHaveBeenCalledTimes(ids.length);
  });

  it('reads the grants of a principal twice, however many there are', async () => {
    const groups = Array.from({ length: 350 }, (_, at) => `g${at}`);
    const engine = await engineOf(...groups.map((id) => grant(id, user('ann'))));
    let read = 0;
    const getMany = engine.getMany.bind(engine);
    engine.getMany = (keys, options) => {
      read += keys.length;
      return getMany(keys, options);
    };
    const access = await openAccess(engine, SYNC);
    expect(await linesOf(access.accessOf(user('ann')))).toHaveLength(groups.length);
    expect(read).toBe(2 * groups.length);
  });

  it('ends with an AbortError that keeps the reason of the signal', async () => {
    const access = await openAccess(await staff(), SYNC);
    const signal = AbortSignal.abort(new Error('enough'));
    for (const read of [
      () => access.accessPage(user('ann'), { signal }),
      () => access.holdersPage({ entitlementId: 'vault' }, { signal }),
      () => access.explain(user('ann'), 'vault', { signal }),
    ]) {
      await expect(read()).rejects.toMatchObject({
        name: 'AbortError',
        code: 'SSTITCH_ABORTED',
        cause: signal.reason,
      });
    }
  });
});
