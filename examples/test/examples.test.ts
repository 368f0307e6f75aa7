// Runs each example in an empty directory and compares the output with its README.
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../', import.meta.url));
const SESSION = /^```console\n\$ node examples\/(\S+)\n([\s\S]*?)^```/m;

const found = await readdir(root, { withFileTypes: true });
const names = found
  .filter((entry) => entry.isDirectory() && !['node_modules', 'test'].includes(entry.name))
  .filter(({ name }) => !name.startsWith('.'))
  .map(({ name }) => name);

test.each(names)('%s prints what its README shows', async (name) => {
  const readme = await readFile(join(root, name, 'README.md'), 'utf8');
  const [, script, output] = SESSION.exec(readme) ?? [];
  expect(script).toBe(`${name}/index.mjs`);
  const directory = await mkdtemp(join(tmpdir(), 'sstitch-example-'));
  try {
    const { stdout, stderr } = await promisify(execFile)(
      process.execPath,
      [join(root, name, 'index.mjs')],
      { cwd: directory },
    );
    expect(stderr).toBe('');
    expect(stdout).toBe(output);
  } finally {
    await rm(directory, { recursive: true });
  }
});

test('the README of the examples links each of them', async () => {
  const readme = await readFile(join(root, 'README.md'), 'utf8');
  const linked = [...readme.matchAll(/\]\(([\w-]+)\)/g)].map(([, name]) => name);
  expect(linked.sort()).toEqual([...names].sort());
});
