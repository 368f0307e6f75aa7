// Imports of what can be read only once: standard input, pipes, and what looks like them.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { syntheticSyncId } from '@sstitch/testkit';
import { beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { digestsOf, sstitch, sstitchJson, testDirectory } from '../../../test/in-process.js';

const SYNC = syntheticSyncId({});

let template: string;
/** Digests of the store before any command runs. */
let digests: Record<string, string>;

beforeAll(async () => {
  template = mkdtempSync(join(tmpdir(), 'sstitch-cli-import-'));
  const store = join(template, 'store');
  await sstitchJson('generate', store, '--grants', '200', '--syncs', '2');
  const output = join(template, 'sync.jsonl');
  await sstitchJson('export', store, '--sync', SYNC, '--output', output);
  digests = await digestsOf(store);
  return () => rmSync(template, { recursive: true, force: true });
});

/** Creates a store with two syncs and a file with one of them. */
function exported(): { directory: string; store: string; file: string } {
  const directory = testDirectory();
  cpSync(template, directory, { recursive: true });
  return { directory, store: join(directory, 'store'), file: join(directory, 'sync.jsonl') };
}

describe('import of a stream, which can be read only once', () => {
  it.each(['sync.jsonl', 'sync.jsonl.zst', 'sync.c1z', 'sync.c1z.gz'])(
    'standard input, %s',
    async (name) => {
      const { directory, store } = exported();
      const output = join(directory, 'out', name);
      mkdirSync(join(directory, 'out'));
      await sstitchJson('export', store, '--sync', SYNC, '--output', output);
      const again = join(directory, 'again');
      const { exitCode, stdout } = await sstitch(
        ['import', '-', '--into', again, '--sync', 'latest', '--json'],
        { stdin: readFileSync(output) },
      );
      expect(exitCode).toBe(0);
      expect(JSON.parse(stdout).syncs).toMatchObject([{ file: 'standard input', syncId: SYNC }]);
      expect((await digestsOf(again))[SYNC]).toBe(digests[SYNC]);
    },
  );

  it('a pipe in the file system', async ({ skip }) => {
    const { directory, file } = exported();
    const pipe = join(directory, 'pipe');
    if (spawnSync('mkfifo', [pipe]).status !== 0) skip('there is no mkfifo here');
    const writer = spawn('sh', ['-c', 'cat "$0" > "$1"', file, pipe]);
    const ended = once(writer, 'exit');
    await sstitchJson('import', pipe, '--into', join(directory, 'again'));
    await ended;
    expect((await digestsOf(join(directory, 'again')))[SYNC]).toBe(digests[SYNC]);
  });

  it.skipIf(process.platform === 'win32')('says so if it cannot be opened', async () => {
    const directory = testDirectory();
    const socket = join(directory, 'socket');
    const server = createServer().listen(socket);
    await once(server, 'listening');
    const line = ['import', socket, '--into', join(directory, 'store'), '--json'];
    const { exitCode, stderr } = await sstitch(line);
    server.close();
    expect(exitCode).toBe(1);
    expect(stderr).toContain(`sstitch: cannot read ${socket}: `);
    expect(stderr).toContain('"code":"SSTITCH_FILE_OPERATION"');
  });

  it('names it in errors, and leaves nothing behind', async () => {
    const { directory } = exported();
    const temporary = testDirectory();
    vi.stubEnv('TMPDIR', temporary);
    onTestFinished(() => void vi.unstubAllEnvs());
    const again = join(directory, 'again');
    for (const [stdin, message] of [
      ['{"type":"grant"}', 'standard input, line 1, column 1: it has no "record"'],
      ['C1Z3\0nonsense', '(standard input'],
      ['nonsense', '(standard input'],
    ] as const) {
      const line = ['import', '-', '--into', again];
      const { exitCode, stderr } = await sstitch(line, { stdin: Buffer.from(stdin) });
      expect(stderr).toContain(message);
      expect(stderr).not.toContain(tmpdir());
      expect(exitCode).toBe(4);
    }
    expect(existsSync(again)).toBe(false);
    expect(readdirSync(temporary)).toEqual([]);
  });
});
