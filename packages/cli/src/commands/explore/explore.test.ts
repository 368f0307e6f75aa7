import { chmodSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { sstitch, sstitchJson, testDirectory } from '../../../test/in-process.js';
import { expectValid } from '../../../test/json-schemas.js';
import { ended, eventually, openElsewhere, startMain } from '../../../test/process.js';

async function makeStore(): Promise<string> {
  const store = join(testDirectory(), 'base');
  await sstitchJson('generate', store, '--grants', '20');
  return store;
}

/** Starts the command and waits for its first line of output. */
async function started(line: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const child = startMain(['explore', ...line], { env });
  const end = ended(child);
  let stdout = '';
  child.stdout?.on('data', (text: string) => {
    stdout += text;
  });
  await Promise.race([
    eventually(() => (/\n$/.test(stdout) ? stdout : undefined)),
    end.then((how) => expect(how).toBe('still running')),
  ]);
  return { child, end, stdout };
}

describe('explore', () => {
  it('prints the address of a page that answers until Ctrl-C, and leaves nothing in the store', async () => {
    const store = await makeStore();
    const { child, end, stdout } = await started([store, '--no-open']);
    expect(stdout).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/\?token=[\w-]{43}\n$/);
    const url = stdout.trim();
    expect((await fetch(url)).status).toBe(200);
    expect((await fetch(new URL(url).origin)).status).toBe(401);
    child.kill('SIGINT');
    expect(await end).toEqual({
      exitCode: 130,
      stdout,
      stderr: '',
    });
    await expect(fetch(url)).rejects.toThrow();
    expect(readdirSync(join(store, 'readers'))).toEqual([]);
  });

  it('prints a document with --json', async () => {
    const { child, end, stdout } = await started([await makeStore(), '--no-open', '--json']);
    const document = JSON.parse(stdout) as { url: string; port: number };
    expectValid('explore', document);
    expect(new URL(document.url).port).toBe(String(document.port));
    child.kill('SIGTERM');
    expect((await end).exitCode).toBe(143);
  });

  it('works on a store that another process has open', async () => {
    const store = await makeStore();
    const close = await openElsewhere(store);
    const { child, end, stdout } = await started([store, '--no-open']);
    expect((await fetch(stdout.trim())).status).toBe(200);
    child.kill('SIGINT');
    await end;
    await close();
  });

  it('loads a file into a temporary store, and removes it at the end', async () => {
    const directory = testDirectory();
    const store = join(directory, 'base');
    await sstitchJson('generate', store, '--grants', '20');
    const file = join(directory, 'sync.c1z');
    await sstitchJson('export', store, '--sync', 'latest', '--output', file);
    const TMPDIR = testDirectory();
    const { child, end, stdout } = await started([file, '--no-open'], { TMPDIR });
    const { origin, searchParams } = new URL(stdout.trim());
    const headers = { authorization: `Bearer ${searchParams.get('token')}` };
    const answer = await fetch(`${origin}/api/store`, { headers });
    expect(await answer.json()).toMatchObject({ name: 'sync.c1z' });
    child.kill('SIGINT');
    await end;
    expect(readdirSync(TMPDIR)).toEqual([]);
  });

  it.skipIf(process.platform !== 'linux')(
    'starts a browser with an address that can be used once, not with the token',
    async () => {
      const directory = testDirectory();
      const opened = join(directory, 'opened');
      writeFileSync(join(directory, 'xdg-open'), `#!/bin/sh\nprintf %s "$1" > "${opened}"\n`);
      chmodSync(join(directory, 'xdg-open'), 0o755);
      const PATH = `${directory}:${process.env['PATH']}`;
      const { child, end, stdout } = await started([await makeStore()], { PATH });
      const url = await eventually(() =>
        existsSync(opened) ? readFileSync(opened, 'utf8') || undefined : undefined,
      );
      expect(url).not.toContain(new URL(stdout.trim()).searchParams.get('token'));
      expect((await fetch(url)).status).toBe(200);
      expect((await fetch(url)).status).toBe(401);
      child.kill('SIGINT');
      await end;
    },
  );

  it('reports in one line a missing store and a port in use', async () => {
    const nothing = await sstitch(['explore', 'nothing', '--no-open']);
    expect(nothing.exitCode).toBe(5);
    expect(nothing.stderr).toMatch(/^sstitch: [^\n]*nothing[^\n]*\n$/);
    const store = await makeStore();
    const { child, end, stdout } = await started([store, '--no-open']);
    const { port } = new URL(stdout.trim());
    expect(await sstitch(['explore', store, '--no-open', '--port', port])).toMatchObject({
      exitCode: 1,
      stderr: `sstitch: port ${port} is in use: choose another, or omit it\n`,
    });
    child.kill('SIGINT');
    await end;
  });
});
