import { spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { DirectorySource } from './view-source.js';

it('a pipe in the place of CURRENT is refused, and not waited for', async ({ skip }) => {
  const directory = mkdtempSync(join(tmpdir(), 'sstitch-explore-'));
  const pipe = join(directory, 'CURRENT');
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  if (spawnSync('mkfifo', [pipe]).status !== 0) skip('there is no mkfifo here');
  // A writer ends whatever waits for one.
  onTestFinished(() => closeSync(openSync(pipe, 'r+')));
  await expect(new DirectorySource(directory).open(undefined)).rejects.toMatchObject({
    cause: { message: expect.stringContaining('a device or pipe is not a file') },
  });
});
