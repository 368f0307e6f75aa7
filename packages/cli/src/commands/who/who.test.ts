import { cpSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { sstitch, sstitchJson, testDirectory } from '../../../test/in-process.js';
import { teamLines } from '../../../test/team-sync.js';

const SYNC = '36zfOAoWMxQdISbixanQCRBiX7E';
/** From baton-sdk's test data; its groups are nested ten deep. */
const FILE = fileURLToPath(new URL(`../../../../c1z/test-data/sync-${SYNC}.c1z`, import.meta.url));

interface Answer {
  readonly access: ReadonlyArray<{
    readonly principal: { readonly resourceId: string };
    readonly entitlement: { readonly id: string };
    readonly sources: readonly object[];
    readonly grantIds: readonly string[];
    readonly paths?: ReadonlyArray<ReadonlyArray<{ readonly entitlementId: string }>>;
  }>;
  readonly next: string | null;
}

/** The access in an answer, without grant ids, sorted by entitlement. */
function accessOf({ access }: Answer) {
  return access
    .map(({ principal, entitlement, sources }) => ({ principal, entitlement, sources }))
    .sort((a, b) => (a.entitlement.id < b.entitlement.id ? -1 : 1));
}

afterEach(() => {
  vi.unstubAllEnvs();
});

describe('who', () => {
  it('gives the same answer from a .c1z file and from a store where its sync was expanded', async () => {
    const store = join(testDirectory(), 'store');
    await sstitchJson('import', FILE, '--into', store, '--zone', 'UTC');
    const expansion = await sstitchJson('expand', store, '--sync', SYNC);
    expect(expansion).toMatchObject({ created: 12_072, updated: 1199, cycles: 0 });
    expect(await sstitchJson('verify', store)).toMatchObject({ ok: true });
    for (const question of [
      ['--principal', 'user/user-0000007', '--limit', '1000'],
      ['--entitlement', 'group:group-0000010:member', '--limit', '1000'],
      ['--resource', 'project/project-0000001', '--limit', '1000'],
    ]) {
      const fromFile = await sstitchJson<Answer>('who', FILE, ...question, '--zone', 'UTC');
      const fromStore = await sstitchJson<Answer>('who', store, ...question);
      expect(accessOf(fromFile).length).toBeGreaterThan(1);
      expect(accessOf(fromFile)).toEqual(accessOf(fromStore));
      expect(fromStore.access.every(({ grantIds }) => grantIds.length > 0)).toBe(true);
    }
  });

  it('pages by cursors, and shows the paths', async () => {
    const question = ['who', FILE, '--entitlement', 'group:group-0000010:member', '--why'];
    const all = await sstitchJson<Answer>(...question);
    const ids: string[] = [];
    let after: readonly string[] = [];
    for (let hasMore = true; hasMore; ) {
      const page = await sstitchJson<Answer>(...question, '--limit', '40', ...after);
      ids.push(...page.access.map(({ principal }) => principal.resourceId));
      after = ['--after', page.next ?? ''];
      hasMore = page.next !== null;
    }
    expect(ids).toEqual(all.access.map(({ principal }) => principal.resourceId));
    for (const { paths = [], entitlement } of all.access) {
      expect(paths[0]?.at(-1)?.entitlementId).toBe(entitlement.id);
    }
  });

  it('finds an entitlement by its name, its slug, and its name as it prints it', async () => {
    const file = join(testDirectory(), 'team.jsonl');
    writeFileSync(file, teamLines());
    const idOf = async (text: string) => {
      const { access } = await sstitchJson<Answer>('who', file, '--entitlement', text);
      return access[0]?.entitlement.id;
    };
    expect(await idOf('keys:open')).toBe('keys:open');
    expect(await idOf('OPEN')).toBe('keys:open');
    expect(await idOf('Key vault: open')).toBe('keys:open');
    expect(await idOf('on call: member')).toBe('oncall:member');
    expect(await idOf('operators:')).toBe('operators:member');
    const { exitCode, stderr } = await sstitch(['who', file, '--entitlement', 'member']);
    expect(exitCode).toBe(2);
    expect(stderr).toContain('oncall:member "member" of group/oncall, operators:member "member"');
  });

  it('takes type/id for the resource that grants name, not for a part of another name', async () => {
    const file = join(testDirectory(), 'names.jsonl');
    const ref = { resource_type_id: 'vault', resource_id: 'keys' };
    const lines = [
      {
        type: 'resource',
        record: {
          ...{ sync_id: SYNC, resource_type_id: 'group', resource_id: 'g' },
          display_name: 'Friends of user/ann and vault/keys',
        },
      },
      { type: 'entitlement', record: { sync_id: SYNC, external_id: 'open', resource: ref } },
      {
        type: 'grant',
        record: {
          ...{ sync_id: SYNC, external_id: '1', entitlement: { ...ref, entitlement_id: 'open' } },
          principal: { resource_type_id: 'user', resource_id: 'ann' },
        },
      },
    ];
    writeFileSync(file, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
    for (const question of [
      ['--principal', 'user/ann'],
      ['--resource', 'vault/keys'],
    ]) {
      const { access } = await sstitchJson<Answer>('who', file, '--sync', SYNC, ...question);
      expect(access.map(({ principal }) => principal.resourceId)).toEqual(['ann']);
    }
  });

  it('takes type/id also if the type contains a slash', async () => {
    const file = join(testDirectory(), 'names.jsonl');
    const ref = { resource_type_id: 'a/b', resource_id: 'c' };
    const entitlement = { ...ref, entitlement_id: 'open' };
    const lines = [
      { type: 'entitlement', record: { sync_id: SYNC, external_id: 'open', resource: ref } },
      {
        type: 'grant',
        record: { sync_id: SYNC, external_id: '1', entitlement, principal: ref },
      },
    ];
    writeFileSync(file, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
    for (const option of ['--principal', '--resource']) {
      const line = ['who', file, '--sync', SYNC, option, 'a/b/c'];
      const { access } = await sstitchJson<Answer>(...line);
      expect(access.map((each) => each.principal.resourceId)).toEqual(['c']);
    }
  });

  it('shows the name of each holder, also if type and id divide one text in two places', async () => {
    const file = join(testDirectory(), 'names.jsonl');
    const holders = [
      { resource_type_id: 'a', resource_id: 'b/c' },
      { resource_type_id: 'a/b', resource_id: 'c' },
    ];
    const entitlement = { ...holders[0], entitlement_id: 'open' };
    const lines = holders.flatMap((principal, at) => [
      { type: 'resource', record: { sync_id: SYNC, ...principal, display_name: `Name ${at}` } },
      {
        type: 'grant',
        record: { sync_id: SYNC, external_id: `${at}`, entitlement, principal },
      },
    ]);
    writeFileSync(file, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
    const { stdout } = await sstitch(['who', file, '--sync', SYNC, '--entitlement', 'open']);
    expect(stdout.match(/Name \d/g)?.sort()).toEqual(['Name 0', 'Name 1']);
  });

  it('refuses a name that two resources have, wherever they are in the sync', async () => {
    const file = join(testDirectory(), 'names.jsonl');
    const user = (id: string, name: string) => ({
      type: 'resource',
      record: { sync_id: SYNC, resource_type_id: 'user', resource_id: id, display_name: name },
    });
    const others = [1, 2, 3, 4, 5, 6, 7].map((number) => user(`b${number}`, `Ann Lee ${number}`));
    const lines = [...others, user('a', 'Ann Lee'), user('z', 'Ann Lee'), user('c', 'Ann Lees')];
    writeFileSync(file, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
    const ask = (name: string) => sstitch(['who', file, '--sync', SYNC, '--principal', name]);
    const { exitCode, stderr } = await ask('Ann Lee');
    expect(stderr).toContain(
      'may be any of user/a "Ann Lee", user/z "Ann Lee": name the principal',
    );
    expect(exitCode).toBe(2);
    expect((await ask('Ann Lees')).stderr).toContain('Ann Lees (user/c) has nothing');
    expect((await ask('Lee')).stderr).toContain(', …: name the principal by type/id');
  });

  it.each([
    ['--principal', 'nobody'],
    ['--entitlement', 'nothing'],
    ['--resource', 'nothing'],
    ['--principal', 'user/ann', '--entitlement', 'nothing'],
  ])('exits with 1 for a name that the sync does not hold: %s %s', async (...question) => {
    const file = join(testDirectory(), 'team.jsonl');
    writeFileSync(file, teamLines());
    const { exitCode, stderr } = await sstitch(['who', file, ...question]);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/^sstitch: the sync holds no \w+ "no\w+": [^\n]+\n$/);
  });

  it.each(['--principal', '--entitlement', '--resource'])('refuses an empty %s', async (option) => {
    const { exitCode, stderr } = await sstitch(['who', FILE, option, ' ']);
    expect(exitCode).toBe(2);
    expect(stderr).toContain(`${option} is empty`);
  });

  it('removes the temporary store of a file', async () => {
    const file = join(testDirectory(), 'sync.c1z');
    cpSync(FILE, file);
    const temporary = testDirectory();
    vi.stubEnv('TMPDIR', temporary);
    expect((await sstitch(['who', file, '--principal', 'user/nobody'])).exitCode).toBe(1);
    expect(readdirSync(temporary)).toEqual([]);
  });
});
