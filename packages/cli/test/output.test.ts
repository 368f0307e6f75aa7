// What becomes of output that cannot be written: every command, as a process, on a full device and with a
// reader that has gone.
import { spawnSync } from 'node:child_process';
import {
  closeSync,
  cpSync,
  existsSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { syntheticSyncId } from '@sstitch/testkit';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { COMMAND_GROUPS } from '../src/commands/index.js';
import { sstitch, sstitchJson, testDirectory } from './in-process.js';
import { ended, MAIN, startMain } from './process.js';

const [FIRST, SECOND] = [0, 1].map((syncIndex) => syntheticSyncId({ syncIndex })) as [
  string,
  string,
];
const FULL = '/dev/full';

let template: string;
let directory: string;

beforeAll(async () => {
  template = mkdtempSync(join(tmpdir(), 'sstitch-cli-output-'));
  await sstitchJson('generate', join(template, 'base'), '--grants', '40', '--syncs', '2');
  await sstitchJson('generate', join(template, 'fresh'), '--grants', '40', '--revision', '2');
  const current = readFileSync(join(template, 'base', 'CURRENT'), 'latin1').trim();
  cpSync(join(template, 'base', current), join(template, 'generation'), { recursive: true });
  const exported = await sstitch(['export', join(template, 'base'), '--sync', FIRST]);
  writeFileSync(join(template, 'sync.jsonl'), exported.stdout);
  return () => rmSync(template, { recursive: true, force: true });
});

beforeEach(() => {
  directory = testDirectory();
  cpSync(template, directory, { recursive: true });
});

function aTable(): string {
  const name = readdirSync(join(directory, 'generation')).find((file) => file.endsWith('.ldb'));
  return join('generation', name ?? '');
}

/** A command line of each command that ends well, in `directory`. */
const COMMAND_LINES: Readonly<Record<string, () => readonly string[]>> = {
  compact: () => ['compact', '--base', 'base', '--from', 'fresh', '--sync', FIRST],
  import: () => ['import', 'sync.jsonl', '--into', 'imported'],
  drop: () => ['drop', 'base', '--sync', FIRST, '--yes'],
  generate: () => ['generate', 'made', '--grants', '3'],
  syncs: () => ['syncs', 'base'],
  digest: () => ['digest', 'base', '--sync', FIRST],
  verify: () => ['verify', 'base'],
  diff: () => ['diff', 'base', 'fresh', '--sync', FIRST],
  export: () => ['export', 'base', '--sync', FIRST, '--sync', SECOND],
  get: () => ['get', 'base', '--sync', FIRST, '--bucket', 'sync_run'],
  scan: () => ['scan', 'base'],
  levels: () => ['levels', 'base'],
  salvage: () => ['salvage', 'base'],
  space: () => ['space', 'base'],
  checkpoint: () => ['checkpoint', 'base', 'copy'],
  adopt: () => ['adopt', 'generation', 'adopted'],
  'sst dump': () => ['sst', 'dump', aTable()],
  'sst verify': () => ['sst', 'verify', aTable()],
  'manifest dump': () => ['manifest', 'dump', 'generation'],
  demo: () => ['demo', '--grants', '20'],
  selftest: () => ['selftest', '--kills', '0'],
  completion: () => ['completion', 'bash'],
  help: () => ['--help'],
  version: () => ['--version'],
};

it('has a command line of every command', () => {
  const names = new Set(Object.keys(COMMAND_LINES).map((name) => name.split(' ')[0]));
  const commands = COMMAND_GROUPS.flatMap(([, group]) => group).length;
  expect(names.size).toBe(commands + ['help', 'version'].length);
});

describe.each(Object.keys(COMMAND_LINES))('%s', (name) => {
  const commandLine = () => COMMAND_LINES[name]?.() ?? [];

  it.skipIf(!existsSync(FULL))('exits with 1 where its output finds no room', async () => {
    const full = openSync(FULL, 'w');
    try {
      const child = startMain(commandLine(), { cwd: directory, stdio: ['ignore', full, 'pipe'] });
      const { exitCode, stderr } = await ended(child);
      expect(stderr).toMatch(/^sstitch: cannot write to standard output: ENOSPC[^\n]*\n$/);
      expect(exitCode).toBe(1);
    } finally {
      closeSync(full);
    }
  });

  it('says nothing and exits with 0 where the reader of its output has gone', async () => {
    const child = startMain(commandLine(), { cwd: directory });
    child.stdout?.destroy();
    const { exitCode, stderr } = await ended(child);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  });
});

describe('a file as standard output', () => {
  // The limit makes a short write, as the last room of a disk does, and an error only at the next.
  const limited = (kib: number, commandLine: readonly string[]) =>
    spawnSync(
      'bash',
      ['-c', `ulimit -f ${kib}; exec "$0" "$@" > out`, process.execPath, MAIN, ...commandLine],
      { cwd: directory, encoding: 'utf8' },
    );

  it('that takes only a part of the last text is an error', () => {
    const line = ['scan', 'base', '--limit', '2000', '--raw'];
    expect(limited(1024, line)).toMatchObject({ status: 0, stderr: '' });
    const size = statSync(join(directory, 'out')).size;
    expect(size).toBeGreaterThan(64 * 1024);
    const { status, stderr } = limited(64, line);
    expect(stderr).toMatch(/^sstitch: cannot write to standard output: EFBIG[^\n]*\n$/);
    expect(status).toBe(1);
  });
});
