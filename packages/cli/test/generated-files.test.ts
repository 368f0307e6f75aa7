// Checks that docs/cli.md and the man page match the specs of the commands. `pnpm generate` rewrites them.
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { commandsOf } from '../src/command-line/command-spec.js';
import { PROGRAM } from '../src/commands/registry.js';
import { cliMarkdown } from '../src/reference/cli-markdown.js';
import { manPage } from '../src/reference/man-page.js';

const DOCUMENT = fileURLToPath(new URL('../../../docs/cli.md', import.meta.url));
const MAN_DIRECTORY = fileURLToPath(new URL('../man/', import.meta.url));
const MAN_PAGE = `${MAN_DIRECTORY}sstitch.1`;

it('docs/cli.md is current', async () => {
  await expect(cliMarkdown(PROGRAM, '../packages/cli/schemas')).toMatchFileSnapshot(DOCUMENT);
});

it('man/sstitch.1 is current', async () => {
  mkdirSync(MAN_DIRECTORY, { recursive: true });
  await expect(manPage(PROGRAM)).toMatchFileSnapshot(MAN_PAGE);
});

it('groff prints the man page without a warning', ({ skip }) => {
  const { error, status, stdout, stderr } = spawnSync(
    'groff',
    ['-man', '-Tascii', '-P-cbou', '-ww', MAN_PAGE],
    {
      encoding: 'utf8',
    },
  );
  if (error !== undefined) skip('groff is not installed');
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  for (const { name } of commandsOf(PROGRAM)) expect(stdout).toContain(`sstitch ${name} [options]`);
});
