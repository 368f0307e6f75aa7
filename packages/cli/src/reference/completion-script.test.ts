import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { sstitch } from '../../test/in-process.js';
import { MAIN, USER_ENVIRONMENT } from '../../test/process.js';
import { SHELLS, type Shell } from './completion-script.js';

const directory = mkdtempSync(join(tmpdir(), 'sstitch-cli-completion-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** An environment with `sstitch` on the path: the scripts run it to list the syncs of a store. */
const env = { ...USER_ENVIRONMENT, PATH: `${directory}${delimiter}${process.env['PATH']}` };
const program = join(directory, 'sstitch');
writeFileSync(program, `#!/bin/sh\nexec '${process.execPath}' '${MAIN}' "$@"\n`, { mode: 0o755 });

async function scriptFor(shell: Shell): Promise<string> {
  const { exitCode, stdout, stderr } = await sstitch(['completion', shell]);
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  const path = join(directory, `completion.${shell}`);
  writeFileSync(path, stdout);
  return path;
}

function has(shell: Shell): boolean {
  return spawnSync(shell, ['-c', 'true']).status === 0;
}

/** Returns what a shell offers for the last word of a command line. */
type Offers = (script: string, words: readonly string[]) => readonly string[];

const offersOf: Record<Shell, Offers> = {
  bash: (script, words) => {
    const run = `source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _sstitch; printf '%s\\n' "\${COMPREPLY[@]}"`;
    return linesOf(execFileSync('bash', ['-c', run, 'bash', script, 'sstitch', ...words], { env }));
  },
  // zsh's own completion needs a terminal, so this calls the function as bashcompinit would.
  zsh: (script, words) => {
    const run = `autoload -Uz compinit && compinit -D; source "$1"; shift; setopt kshArrays; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _sstitch; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const offers = linesOf(
      execFileSync('zsh', ['-f', '-c', run, 'zsh', script, 'sstitch', ...words], { env }),
    );
    // zsh's compgen does not filter the words.
    return offers.filter((offer) => offer.startsWith(words.at(-1) ?? ''));
  },
  fish: (script, words) => {
    const line = ['sstitch', ...words].join(' ');
    const run = `source $argv[1]; complete -C $argv[2]`;
    const offers = linesOf(execFileSync('fish', ['--no-config', '-c', run, script, line], { env }));
    return offers.map((offer) => offer.split('\t')[0] ?? '');
  },
};

function linesOf(output: Uint8Array): readonly string[] {
  return Buffer.from(output).toString().split('\n').filter(Boolean).sort();
}

describe.each(SHELLS)('completion in %s', (shell) => {
  const offers = offersOf[shell];
  if (!has(shell)) {
    it.skip(`is skipped: ${shell} is not installed`, () => undefined);
    return;
  }

  it('offers commands, and those of a family', async () => {
    const script = await scriptFor(shell);
    expect(offers(script, ['comp'])).toEqual(['compact', 'completion']);
    expect(offers(script, ['sst', ''])).toEqual(['dump', 'verify']);
    expect(offers(script, ['sst', 'v'])).toEqual(['verify']);
    expect(offers(script, ['completion', 'f'])).toEqual(['fish']);
  });

  it('offers the options of the command, and the values of an option', async () => {
    const script = await scriptFor(shell);
    expect(offers(script, ['compact', '--str'])).toEqual(['--strategy']);
    expect(offers(script, ['compact', 'x', '--strategy', ''])).toEqual([
      ...['auto', 'batch', 'link', 'rebuild'],
    ]);
    expect(offers(script, ['completion', '--j'])).toEqual(['--json']);
    expect(offers(script, ['sst', 'dump', '--li'])).toEqual(['--limit']);
  });
});

describe.each(SHELLS.filter(has))('completion of a sync in %s', (shell) => {
  it('offers the syncs of the store, and references to them', async () => {
    const script = await scriptFor(shell);
    const store = join(directory, 'store');
    await sstitch(['generate', store, '--grants', '3', '--syncs', '2']);
    const [first = '', second = ''] = (await sstitch(['syncs', store, '--quiet'])).stdout.split(
      '\n',
    );
    expect(offersOf[shell](script, ['digest', store, '--sync', first.slice(0, 4)])).toEqual([
      first,
    ]);
    expect(offersOf[shell](script, ['digest', store, '--sync', ''])).toEqual(
      [first, second, 'latest', 'latest-finished', '@2'].sort(),
    );
    expect(offersOf[shell](script, ['digest', store, '--sync', `${first},lat`])).toEqual([
      `${first},latest`,
      `${first},latest-finished`,
    ]);
  });
});

describe('completion', () => {
  it('covers every command of the help, and refuses other shells', async () => {
    const help = (await sstitch(['--help'])).stdout;
    const commands = [...help.matchAll(/^ {2}([a-z]+) {2,}/gm)].map(([, name]) => name);
    expect(commands.length).toBeGreaterThan(15);
    const script = (await sstitch(['completion', 'bash'])).stdout;
    for (const command of commands) expect(script).toMatch(new RegExp(`\\n {4}'${command}'\\)\\n`));
    expect((await sstitch(['completion', 'tcsh'])).exitCode).toBe(2);
  });
});
