import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { syntheticSyncId } from '@sstitch/testkit';
import { beforeAll, describe, expect, it } from 'vitest';
import { digestsOf, sstitch, sstitchJson, testDirectory } from '../../../test/in-process.js';

const CLEAR_LINE = '\r\u001b[2K';
const SYNC = syntheticSyncId({});
const OTHER = syntheticSyncId({ syncIndex: 1 });
const BOTH = `${SYNC},${OTHER}`;

let template: string;
let digests: Record<string, string>;

beforeAll(async () => {
  template = mkdtempSync(join(tmpdir(), 'sstitch-cli-export-'));
  await sstitchJson('generate', join(template, 'base'), '--grants', '120', '--syncs', '2');
  digests = await digestsOf(join(template, 'base'));
  return () => rmSync(template, { recursive: true, force: true });
});

function scene(): { directory: string; base: string; path: (name: string) => string } {
  const directory = testDirectory();
  cpSync(template, directory, { recursive: true });
  return { directory, base: join(directory, 'base'), path: (name) => join(directory, name) };
}

describe('export to a file', () => {
  it.each([
    ['sync.jsonl', 'jsonl', '{'],
    ['sync.jsonl.gz', 'jsonl', '\x1f\x8b'],
    ['sync.jsonl.zst', 'jsonl', '\x28\xb5\x2f\xfd'],
    ['sync.c1z', 'c1z', 'C1Z3'],
    ['sync.C1Z.GZ', 'c1z', '\x1f\x8b'],
    ['sync.c1z.zst', 'c1z', '\x28\xb5\x2f\xfd'],
  ])('restores the same bytes from %s', async (name, format, head) => {
    const { directory, base, path } = scene();
    const document = await sstitchJson('export', base, '--sync', SYNC, '--output', path(name));
    expect(document).toEqual({
      ...{ output: path(name), format, syncs: [SYNC], records: expect.any(Number) },
      sizeBytes: statSync(path(name)).size,
      durationMs: expect.any(Number),
    });
    expect(readFileSync(path(name)).toString('latin1').startsWith(head)).toBe(true);
    expect(readdirSync(directory).sort()).toEqual(['base', name].sort());
    await sstitchJson('import', path(name), '--into', path('again'));
    expect(await digestsOf(path('again'))).toEqual({ [SYNC]: digests[SYNC] });
  });

  it('reads a file of any format', async () => {
    const { base, path } = scene();
    await sstitchJson('export', base, '--sync', SYNC, '--output', path('a.c1z'));
    await sstitchJson('export', path('a.c1z'), '--sync', 'latest', '--output', path('b.jsonl'));
    const zone = ['--zone', 'Europe/Berlin'];
    const c1z1 = ['--format', 'c1z1', ...zone, '--output', path('c.c1z')];
    await sstitchJson('export', path('b.jsonl'), '--sync', 'latest', ...c1z1);
    const lines = ['export', path('c.c1z'), '--sync', 'latest', ...zone];
    await sstitchJson(...lines, '--output', path('b.jsonl'));
    await sstitchJson('import', path('b.jsonl'), '--into', path('again'));
    expect(await digestsOf(path('again'))).toEqual({ [SYNC]: digests[SYNC] });
  });

  it('refuses a zone that it would not use', async () => {
    const { base, path } = scene();
    await sstitchJson('export', base, '--sync', SYNC, '--output', path('a.jsonl'));
    for (const [input = '', problem] of [
      [base, '--zone applies only to --format c1z1, and to a .c1z file that is read'],
      [path('a.jsonl'), '--zone applies only to .c1z files'],
    ]) {
      const line = ['export', input, '--sync', SYNC, '--zone', 'UTC', '--output', path('b.jsonl')];
      const { exitCode, stderr } = await sstitch(line);
      expect({ exitCode, stderr }).toEqual({
        exitCode: 2,
        stderr: expect.stringContaining(problem ?? ''),
      });
    }
  });

  it('writes several syncs to format 1 of .c1z and to lines', async () => {
    const { base, path } = scene();
    const ways = { 'a.c1z': ['--format', 'c1z1', '--zone', 'UTC'], 'a.jsonl': [] };
    for (const [name, more] of Object.entries(ways)) {
      await sstitchJson('export', base, '--sync', BOTH, '--output', path(name), ...more);
      await sstitchJson('import', path(name), '--into', path(`of-${name}`));
      expect(await digestsOf(path(`of-${name}`))).toEqual(digests);
    }
    const { exitCode, stderr } = await sstitch([
      ...['export', base, '--sync', BOTH, '--output', path('b.c1z')],
    ]);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/write format 1 .*; format 1 is --format c1z1\n$/);
    expect(existsSync(path('b.c1z'))).toBe(false);
  });

  it('writes a .csv file with one grant a row, with names', async () => {
    const { base, path } = scene();
    const line = ['export', base, '--sync', SYNC, '--output', path('grants.csv'), '--bom'];
    const { stdout } = await sstitch(line);
    expect(stdout).toMatch(/^wrote 120 grants of 1 sync to .*grants\.csv: [\d.]+ KB in .*\n$/);
    const rows = readFileSync(path('grants.csv'), 'utf8').trimEnd().split('\r\n');
    expect(rows).toHaveLength(121);
    expect(rows[0]?.startsWith('\ufeffsync_id,principal_type_id,')).toBe(true);
    expect(rows.some((row) => /,User \d+/.test(row))).toBe(true);
    // A store made from a sheet is the same after another round trip.
    await sstitchJson('import', path('grants.csv'), '--into', path('first'));
    const again = path('again.csv.gz');
    await sstitchJson('export', path('first'), '--sync', SYNC, '--output', again);
    await sstitchJson('import', again, '--into', path('second'));
    expect(await digestsOf(path('second'))).toEqual(await digestsOf(path('first')));
    expect(gunzipSync(readFileSync(again)).toString()).toBe(
      readFileSync(path('grants.csv'), 'utf8').slice(1),
    );
  });

  it('replaces an existing file, but keeps it if the export fails', async () => {
    const { base, path } = scene();
    await sstitchJson('export', base, '--sync', SYNC, '--output', path('a.jsonl'));
    const before = readFileSync(path('a.jsonl'));
    const signal = AbortSignal.abort();
    const line = ['export', base, '--sync', OTHER, '--output', path('a.jsonl')];
    expect((await sstitch(line, { signal })).exitCode).toBe(130);
    expect(readFileSync(path('a.jsonl')).equals(before)).toBe(true);
    expect((await sstitch([...line.slice(0, 3), 'zz', ...line.slice(4)])).exitCode).toBe(3);
    expect((await sstitch(line)).exitCode).toBe(0);
    expect(readFileSync(path('a.jsonl')).equals(before)).toBe(false);
  });
});

describe('export to a place that cannot be written', () => {
  it('says so before it reads, and names no temporary file', async () => {
    const { base, path } = scene();
    for (const name of ['no/such.jsonl', 'no/such.c1z', 'no/such.csv.gz']) {
      const line = ['export', base, '--sync', SYNC, '--output', path(name)];
      expect(await sstitch(line)).toMatchObject({
        exitCode: 1,
        stdout: '',
        stderr: `sstitch: cannot write ${path(name)}: there is no directory ${path('no')}\n`,
      });
    }
    const line = ['export', base, '--sync', SYNC, '--output', base, '--format', 'jsonl'];
    expect((await sstitch(line)).stderr).toBe(`sstitch: cannot write ${base}: it is a directory\n`);
  });
});

describe('export to standard output', () => {
  it('writes lines, or any other format that --format names', async () => {
    const { base, path } = scene();
    const lines = await sstitch(['export', base, '--sync', SYNC]);
    await sstitchJson('export', base, '--sync', SYNC, '--output', path('a.jsonl'));
    expect(lines.stdout).toBe(readFileSync(path('a.jsonl'), 'utf8'));
    const line = ['export', base, '--sync', SYNC, '--output', '-', '--format', 'c1z'];
    const { stdoutBytes } = await sstitch(line);
    await sstitch(['import', '-', '--into', path('again')], { stdin: stdoutBytes });
    expect(await digestsOf(path('again'))).toEqual({ [SYNC]: digests[SYNC] });
    expect((await sstitch([...line.slice(0, -1), 'csv'])).stdout).toMatch(/^sync_id,/);
  });

  it('escapes the cells of a .csv file on a terminal, but no line ends', async () => {
    const { base, path } = scene();
    const { stdout } = await sstitch(['export', base, '--sync', SYNC]);
    const hostile = stdout.replace('User 0000009', '\\u001b[31mred\\rUser');
    writeFileSync(path('hostile.jsonl'), hostile);
    const line = ['export', path('hostile.jsonl'), '--sync', SYNC, '--format', 'csv'];
    const shown = (await sstitch(line, { isTerminal: true })).stdout;
    const rows = shown.split(CLEAR_LINE).join('').trimEnd().split('\r\n');
    expect(rows).toHaveLength(121);
    expect(rows.some((row) => row.includes('\\u001b[31mred\\u000dUser'))).toBe(true);
    expect(rows.filter((row) => /\p{Cc}/u.test(row))).toEqual([]);
  });

  it.each([
    [
      'a .c1z file on a terminal',
      ['--format', 'c1z'],
      { isTerminal: true },
      /cannot be shown on a terminal/,
    ],
    ['JSON and a .csv file', ['--format', 'csv', '--json'], {}, /cannot both go/],
    ['a zone for lines', ['--zone', 'UTC'], {}, /--zone applies only to/],
    ['a byte order mark before lines', ['--bom'], {}, /--bom applies only to/],
    ['a name without a format', ['--output', 'a.txt'], {}, /does not say the format/],
  ])('refuses %s', async (_what, words, options, message) => {
    const { base } = scene();
    const { exitCode, stderr } = await sstitch(['export', base, '--sync', SYNC, ...words], options);
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(message);
  });
});
