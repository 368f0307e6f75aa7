import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BUCKETS } from '@sstitch/keys';
import { syntheticSyncId } from '@sstitch/testkit';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { digestsOf, sstitch, sstitchJson, testDirectory } from '../../../test/in-process.js';

const [FIRST, SECOND, THIRD] = [0, 1, 2].map((syncIndex) => syntheticSyncId({ syncIndex })) as [
  string,
  string,
  string,
];

let template: string;
let base: string;
let fresh: string;
/** Digests of the base and the source before any command runs. */
let baseDigests: Record<string, string>;
let freshDigests: Record<string, string>;

beforeAll(async () => {
  template = mkdtempSync(join(tmpdir(), 'sstitch-cli-compact-'));
  const [templateBase, templateFresh] = [join(template, 'base'), join(template, 'fresh')];
  await sstitchJson('generate', templateBase, '--grants', '300', '--syncs', '3');
  await sstitchJson(
    'generate',
    templateFresh,
    '--grants',
    '310',
    '--syncs',
    '2',
    '--revision',
    '2',
  );
  baseDigests = await digestsOf(templateBase);
  freshDigests = await digestsOf(templateFresh);
  return () => rmSync(template, { recursive: true, force: true });
});

beforeEach(() => {
  const directory = testDirectory();
  cpSync(template, directory, { recursive: true });
  base = join(directory, 'base');
  fresh = join(directory, 'fresh');
});

function compactLine(syncId: string, ...more: string[]): string[] {
  return ['compact', '--base', base, '--from', fresh, '--sync', syncId, ...more];
}

describe('compact', () => {
  it.each(['auto', 'link', 'rebuild', 'batch'])(
    'with strategy %s makes the sync equal that of the source and leaves other syncs unchanged',
    async (strategy) => {
      const result = await sstitch(compactLine(SECOND, '--strategy', strategy));
      expect(result.exitCode).toBe(0);
      expect(result.stdout).toContain('1 sync replaced');
      expect(freshDigests[SECOND]).not.toBe(baseDigests[SECOND]);
      expect(await digestsOf(base)).toEqual({ ...baseDigests, [SECOND]: freshDigests[SECOND] });
      expect((await sstitch(['verify', base])).exitCode).toBe(0);
    },
  );

  it('replaces several syncs in one commit', async () => {
    await sstitchJson(...compactLine(`${FIRST},${SECOND}`));
    expect(await digestsOf(base)).toEqual({ ...baseDigests, ...freshDigests });
  });

  it.each(['sync.c1z', 'sync.jsonl.zst'])('takes the syncs of a file, as %s', async (name) => {
    const file = join(testDirectory(), name);
    await sstitchJson('export', fresh, '--sync', SECOND, '--output', file);
    const line = ['compact', '--base', base, '--from', file, '--sync', 'latest'];
    const planned = await sstitchJson(...line, '--dry-run');
    expect(planned).toMatchObject({ syncs: [SECOND], dryRun: true });
    await sstitchJson(...line, '--keep-replaced');
    expect((await digestsOf(base))[SECOND]).toBe(freshDigests[SECOND]);
    await sstitchJson('rollback', base, '--sync', SECOND);
    expect((await digestsOf(base))[SECOND]).toBe(baseDigests[SECOND]);
    await sstitchJson(...line, '--as', FIRST);
    expect((await sstitch(['verify', base])).exitCode).toBe(0);
    const { exitCode, stderr } = await sstitch([...line.slice(0, -1), FIRST]);
    expect({ exitCode, stderr }).toEqual({ exitCode: 3, stderr: expect.stringContaining(FIRST) });
  });

  it('prints what it did as JSON', async () => {
    const document = await sstitchJson<{ buckets: object[] }>(
      ...compactLine(SECOND, '--strategy', 'link'),
    );
    expect(document).toMatchObject({
      syncs: [SECOND],
      strategy: 'link',
      generation: expect.any(Number),
      emptied: [],
      dryRun: false,
      durationMs: expect.any(Number),
      pauseMs: expect.any(Number),
    });
    expect(document.buckets).toEqual(
      BUCKETS.map(({ bucket }) => ({
        syncId: SECOND,
        bucket,
        tables: expect.any(Number),
        linkedBytes: expect.any(Number),
        copiedBytes: expect.any(Number),
        splitBytes: expect.any(Number),
        sharedBytes: expect.any(Number),
        builtBytes: expect.any(Number),
        puts: 0,
        deletes: 0,
      })),
    );
  });

  it('prints the plan and changes nothing with --dry-run', async () => {
    const document = await sstitchJson(...compactLine(SECOND, '--dry-run', '--strategy', 'link'));
    expect(document).toMatchObject({
      dryRun: true,
      strategy: 'link',
      generation: null,
      plan: { strategy: 'link', reason: 'requested', emptied: [] },
    });
    expect(await digestsOf(base)).toEqual(baseDigests);
    expect((await sstitch(compactLine(SECOND, '--dry-run'))).stdout).toContain(
      'nothing was changed',
    );
  });

  it('exits with 3 if the source does not hold the sync, and leaves the base as it was', async () => {
    for (const dryRun of [[], ['--dry-run']]) {
      const { exitCode, stdout, stderr } = await sstitch(compactLine(THIRD, ...dryRun));
      expect({ exitCode, stdout }).toEqual({ exitCode: 3, stdout: '' });
      expect(stderr).toContain(THIRD);
    }
    expect(await digestsOf(base)).toEqual(baseDigests);
  });

  it('erases its progress before it asks', async () => {
    const file = join(base, '..', 'fresh.jsonl');
    await sstitchJson('export', fresh, '--sync', FIRST, '--output', file);
    const line = ['compact', '--base', base, '--from', file, '--sync', THIRD, '--allow-empty'];
    const { stderr } = await sstitch(line, { isTerminal: true, answers: ['no'] });
    expect(stderr.split('\r\u001b[2K')).toContain(
      `The source does not hold sync ${THIRD}. Remove it from ${base}? [y/N] sstitch: nothing was removed or replaced\n`,
    );
  });

  it('refuses a side id that names no sync, also in a dry run', async () => {
    const line = compactLine(FIRST, '--keep-replaced', '--side', 'zz');
    const refused = await sstitch(line);
    expect(refused.exitCode).toBe(3);
    expect(await sstitch([...line, '--dry-run'])).toEqual(refused);
  });

  it.each([
    ['of another sync', THIRD],
    ['of the sync itself', FIRST],
  ])('refuses a side id that is the id %s, also in a dry run', async (_, side) => {
    const line = compactLine(FIRST, '--keep-replaced', '--side', side);
    const refused = await sstitch(line);
    expect(refused.exitCode).not.toBe(0);
    expect(await sstitch([...line, '--dry-run'])).toEqual(refused);
    expect(await digestsOf(base)).toEqual(baseDigests);
  });

  it('says in a dry run which versions it would keep, and under which ids', async () => {
    const line = compactLine(FIRST, '--keep-replaced');
    const dry = [...line, '--dry-run'];
    const planned = await sstitchJson<{ kept: object[] }>(...dry);
    expect((await sstitch(dry)).stdout).toMatch(
      new RegExp(`^the replaced version of ${FIRST} would be kept as \\w{27}$`, 'm'),
    );
    const done = await sstitchJson<{ kept: object[] }>(...line);
    expect(planned.kept).toEqual(done.kept);
    expect((await sstitch(dry)).stdout).toContain(
      `the base holds this version of ${FIRST} already`,
    );
  });

  it('removes a sync that the source does not hold with --allow-empty', async () => {
    const document = await sstitchJson(...compactLine(THIRD, '--allow-empty'));
    expect(document).toMatchObject({ emptied: [THIRD] });
    const { [THIRD]: _removed, ...others } = baseDigests;
    expect(await digestsOf(base)).toEqual(others);
  });

  it('says why a dry run with --keep-replaced plans a rebuild', async () => {
    const line = compactLine(SECOND, '--keep-replaced', '--dry-run');
    const { stdout } = await sstitch(line);
    expect(stdout).toContain(
      'would use strategy rebuild: kept versions are rebuilt under their side ids;',
    );
    const requested = await sstitchJson(...line, '--strategy', 'rebuild');
    expect(requested).toMatchObject({ plan: { strategy: 'rebuild', reason: 'requested' } });
  });

  it('creates a missing base only with --create, and not if the source fails it', async () => {
    const backup = join(testDirectory(), 'backup');
    const line = ['compact', '--base', backup, '--from', fresh];
    expect((await sstitch([...line, '--all'])).exitCode).toBe(5);
    expect((await sstitch([...line, '--sync', THIRD, '--create'])).exitCode).toBe(3);
    expect(existsSync(backup)).toBe(false);
    expect((await sstitch([...line, '--all', '--create'])).exitCode).toBe(0);
    expect(await digestsOf(backup)).toEqual(freshDigests);
  });

  it('with --create --dry-run says that it would create a missing base, and creates nothing', async () => {
    const backup = join(testDirectory(), 'backup');
    const line = (...words: string[]) => [
      ...['compact', '--base', backup, '--from', fresh, '--create', '--dry-run', ...words],
    ];
    const { exitCode, stdout } = await sstitch(line('--all'));
    expect({ exitCode, stdout }).toEqual({
      exitCode: 0,
      stdout: expect.stringMatching(new RegExp(`^would create ${backup}\n`)),
    });
    expect(stdout).toContain('nothing was changed');
    const { stdout: as } = await sstitch(line('--sync', FIRST, '--as', THIRD));
    expect(as).toMatch(new RegExp(`^would create ${backup}\nwould replace sync ${THIRD}`));
    const document = await sstitchJson<{ differences: object[] }>(...line('--sync', FIRST));
    expect(document.differences).toMatchObject([{ syncId: FIRST, removed: 0, changed: 0 }]);
    expect((await sstitch(line('--sync', THIRD))).exitCode).toBe(3);
    expect(existsSync(backup)).toBe(false);
    expect(
      (await sstitch(['compact', ...line('--all').slice(1, 5), '--all', '--dry-run'])).exitCode,
    ).toBe(5);
  });

  it('with --create --dry-run refuses a place where no base can be created, as the real run does', async () => {
    const directory = testDirectory();
    writeFileSync(join(directory, 'note'), '');
    for (const place of [join(directory, 'note'), join(fresh, 'inside')]) {
      const line = ['compact', '--base', place, '--from', fresh, '--all', '--create'];
      const refused = await sstitch(line);
      expect(refused.exitCode).not.toBe(0);
      expect(await sstitch([...line, '--dry-run'])).toEqual(refused);
    }
    const other = ['compact', '--base', directory, '--from', fresh, '--all', '--create'];
    for (const dryRun of [[], ['--dry-run']]) {
      expect((await sstitch([...other, ...dryRun])).exitCode).not.toBe(0);
    }
  });

  it('refuses the same store as base and source', async () => {
    const { exitCode, stderr } = await sstitch([
      ...['compact', '--base', base, '--from', join(base, '.'), '--sync', FIRST],
    ]);
    expect(exitCode).toBe(2);
    expect(stderr).toContain('the same store');
  });

  it('exits with 130 when it is interrupted, and leaves the base as it was', async () => {
    const signal = AbortSignal.abort();
    const result = await sstitch(compactLine(SECOND, '--strategy', 'link'), { signal });
    expect(result).toEqual({
      exitCode: 130,
      stdout: '',
      stderr: 'sstitch: interrupted; the store is as it was\n',
    });
    expect(await digestsOf(base)).toEqual(baseDigests);
  });

  it('exits with 6 if another process has the base open, while commands that read still work', async () => {
    const engine = import.meta.resolve('@sstitch/engine');
    const script = join(base, '..', 'owner.mjs');
    writeFileSync(
      script,
      `
      import { Store } from ${JSON.stringify(engine)};
      const store = new Store(process.argv[2]);
      await store.open();
      process.stdout.write('open');
      process.stdin.on('end', async () => { await store.close(); process.exit(0); });
      process.stdin.resume();`,
    );
    const owner = spawn(process.execPath, [script, base], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const ended = once(owner, 'exit');
    await once(owner.stdout, 'data');
    try {
      const refused = await sstitch(compactLine(SECOND));
      expect(refused.exitCode).toBe(6);
      expect(refused.stderr).toMatch(
        /^sstitch: the store is open in another process, pid \d+ [^\n]*\n$/,
      );
      expect(await sstitchJson<unknown[]>('syncs', base)).toHaveLength(3);
      for (const commandLine of [
        ['verify', base],
        ['levels', base],
        ['scan', base],
        ['diff', base, fresh, '--sync', SECOND],
        ['export', base, '--sync', SECOND],
      ]) {
        expect((await sstitch(commandLine)).exitCode).toBe(0);
      }
    } finally {
      owner.stdin.end();
      await ended;
    }
  });
});

describe('compact --as', () => {
  const line = (...words: string[]) => ['compact', '--base', base, '--from', fresh, ...words];

  it('replaces a sync by one with another id, with records, indexes and statistics', async () => {
    const document = await sstitchJson(...line('--sync', FIRST, '--as', THIRD));
    expect(document).toMatchObject({
      ...{ syncs: [THIRD], from: FIRST, strategy: 'load', emptied: [], dryRun: false },
      generation: expect.any(Number),
    });
    const after = await digestsOf(base);
    expect(after).toEqual({ ...baseDigests, [THIRD]: after[THIRD] });
    expect(after[THIRD]).not.toBe(baseDigests[THIRD]);
    expect(await sstitchJson('verify', base)).toMatchObject({ ok: true, syncs: 3 });
    // Loaded back under its own id, it is as it was.
    const copy = join(base, '..', 'copy');
    cpSync(fresh, copy, { recursive: true });
    await sstitchJson('drop', copy, '--sync', FIRST, '--yes');
    await sstitchJson('compact', '--base', copy, '--from', base, '--sync', THIRD, '--as', FIRST);
    expect(await digestsOf(copy)).toEqual(freshDigests);
  });

  it('leaves no byte of the old sync with --purge, and resolves references to both syncs', async () => {
    const words = ['--sync', 'latest-finished', '--as', THIRD.slice(0, 6), '--purge'];
    const document = await sstitchJson(...line(...words));
    expect(document).toMatchObject({ syncs: [THIRD], purge: { directories: [] } });
  });

  it('changes nothing with --dry-run', async () => {
    const { stdout } = await sstitch(line('--sync', FIRST, '--as', THIRD, '--dry-run'));
    expect(stdout).toContain(`would replace sync ${THIRD} by ${FIRST} of the source`);
    expect(await digestsOf(base)).toEqual(baseDigests);
  });

  it.each([
    [['--sync', `${FIRST},${SECOND}`], 2],
    [['--sync', FIRST, '--strategy', 'link'], 2],
    [['--sync', FIRST, '--allow-empty'], 2],
    [['--sync', THIRD], 3],
  ])('with %j exits with %d, and leaves the base as it was', async (words, code) => {
    expect((await sstitch(line(...words, '--as', THIRD))).exitCode).toBe(code);
    expect(await digestsOf(base)).toEqual(baseDigests);
  });
});
