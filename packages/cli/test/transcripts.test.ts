// Compares the output of every command and every exit code with the text files in test/transcripts, so that a
// change of the output shows in review. `npx vitest run test/transcripts.test.ts --update` rewrites them.
import { cpSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { escapeLines, jsonText } from '../src/terminal/escape.js';
import { Interruption } from '../src/terminal/io.js';
import { ACCESS_STEPS } from './access-steps.js';
import { aTable, COMMAND_NAMES, FIRST, makeScene } from './every-command.js';
import { sstitch, testDirectory } from './in-process.js';
import { openElsewhere } from './process.js';
import { compact, STEPS as OTHER_STEPS, type Step } from './transcript-steps.js';

const STEPS = { ...OTHER_STEPS, ...ACCESS_STEPS };
const TRANSCRIPTS = fileURLToPath(new URL('./transcripts/', import.meta.url));

let template: string;
const home = process.cwd();

beforeAll(async () => {
  template = await makeScene();
  return () => rmSync(template, { recursive: true, force: true });
});
afterAll(() => process.chdir(home));

function enterScene(): string {
  const scene = realpathSync(testDirectory());
  cpSync(template, scene, { recursive: true });
  process.chdir(scene);
  return scene;
}

function transcriptOf(steps: readonly (string | Step)[]): Promise<string> {
  return transcriptIn(enterScene(), steps);
}

async function transcriptIn(scene: string, steps: readonly (string | Step)[]): Promise<string> {
  const parts: string[] = [];
  for (const step of steps) {
    const { line, words = [], options, before } = typeof step === 'string' ? { line: step } : step;
    before?.(scene);
    const named = line.replace('TABLE', aTable(scene));
    const { exitCode, stdout, stderr } = await sstitch([...named.split(' '), ...words], options);
    const shown = [line, ...words.map((word) => jsonText(word))].join(' ');
    parts.push(`$ sstitch ${shown}\n${stdout}${stderr}[${exitCode}]\n`);
  }
  return normalised(parts.join('\n'), scene);
}

async function expectTranscript(name: string, transcript: string): Promise<void> {
  await expect(transcript).toMatchFileSnapshot(join(TRANSCRIPTS, `${name}.txt`));
}

/** Replaces what differs between runs and between table formats. */
function normalised(text: string, scene: string): string {
  return (
    text
      // CSV rows end in CRLF; transcripts have LF, as all text files of the repository.
      .replaceAll('\r\n', '\n')
      .replaceAll(`${scene}/`, '')
      .replaceAll(scene, '.')
      .replaceAll(/ *\b\d+(\.\d+)? m?s\b/g, ' TIME')
      .replaceAll(/ *(?<![\w.])\d+(\.\d)? [KMG]?B\b/g, ' SIZE')
      .replaceAll(/\b\d{6}\.(ldb|log|sst)\b/g, 'NUMBER.$1')
      .replaceAll(/\b(MANIFEST|gen)-\d{6}\b/g, '$1-NUMBER')
      .replaceAll(/\bgeneration \d+/g, 'generation NUMBER')
      .replaceAll(/\bpid \d+/g, 'pid PID')
      .replaceAll(/"pid":\d+/g, '"pid":PID')
      .replaceAll(/"durationMs": \d+(\.\d+)?/g, '"durationMs": TIME')
      .replaceAll(/"bytes": \d+/g, '"bytes": SIZE')
      .replaceAll(/"durationMs": [\d.]+/g, '"durationMs": TIME')
      .replaceAll(/at byte \d+/g, 'at byte NUMBER')
      .replaceAll(/\b20\d\d-\d\d-\d\d \d\d:\d\d:\d\d\b/g, 'DATE')
  );
}

it('every command has a transcript', () => {
  expect(Object.keys(STEPS).sort()).toEqual([...COMMAND_NAMES, 'complete-syncs'].sort());
});

it.each(Object.entries(STEPS))('%s', async (name, steps) => {
  const transcript = await transcriptOf([`${name} --help`, ...steps]);
  await expectTranscript(name.replace(' ', '-'), transcript);
});

it('the program itself', async () => {
  await expectTranscript('program', await transcriptOf(['--help', 'sst', 'sst --help']));
});

it('wrong usage suggests the nearest word', async () => {
  await expectTranscript(
    'wrong-usage',
    await transcriptOf([
      'compcat',
      'sst dmup',
      'frobnicate',
      'syncs base --exat',
      'syncs base --wrong',
      'syncs',
      'syncs a b',
      `${compact} --sync latest --strategy lnk`,
      `${compact} --sync ${FIRST},${FIRST}`,
      `${compact} --sync ${FIRST},36yq`,
      'digest base --sync 36y',
      'digest base --sync @9',
      { line: 'digest base --sync', words: ['x y'] },
      'generate base --grants many',
      { line: 'syncs', words: [''] },
    ]),
  );
});

it('every exit code', async () => {
  const stopped = (signal: 'SIGHUP' | 'SIGINT' | 'SIGTERM') => ({
    line: 'verify base',
    options: { signal: AbortSignal.abort(new Interruption(signal)) },
  });
  const transcript = await transcriptOf([
    'verify base --quiet',
    'get base --key 00 --json',
    'get base',
    'digest fresh --sync zz',
    'levels sync.jsonl --json',
    'syncs nothing --json',
    { line: 'syncs nothing --verbose' },
    stopped('SIGHUP'),
    stopped('SIGINT'),
    stopped('SIGTERM'),
  ]);
  const scene = enterScene();
  const close = await openElsewhere(join(scene, 'base'));
  try {
    const locked = await transcriptIn(scene, [
      'drop base --sync latest --yes',
      'generate base --grants 1 --json',
      'generate base --grants 1 --wait 1 --verbose',
    ]);
    await expectTranscript('exit-codes', `${transcript}\n${locked}`);
  } finally {
    await close();
  }
});

it('names that a terminal would act on are escaped', async () => {
  const name = 'a\u001b[2J\u0007\u009b31mb\u202ec\u200b\nd';
  const record = { sync_id: FIRST, external_id: name, display_name: name };
  const transcript = await transcriptOf([
    {
      line: 'import hostile.jsonl --into hostile',
      before: (scene) => {
        const line = JSON.stringify({ type: 'resource_type', record });
        writeFileSync(join(scene, 'hostile.jsonl'), `${line}\n`);
      },
    },
    'scan hostile',
    { line: 'get hostile --sync latest --bucket resource_type', words: [name] },
    { line: 'get hostile --sync latest --bucket resource_type', words: [name, '--json'] },
    { line: 'get hostile --sync latest --bucket grant', words: [name] },
    {
      line: 'export hostile --sync latest',
      options: { isTerminal: true, env: { TERM: 'dumb' } },
    },
    { line: 'syncs', words: [name] },
    { line: 'import', words: [name, '--into', 'hostile'] },
    {
      line: 'import twice.jsonl --into hostile',
      before: (scene) => {
        const line = JSON.stringify({ type: 'resource_type', record });
        writeFileSync(join(scene, 'twice.jsonl'), `${line}\n${line}\n`);
      },
    },
  ]);
  await expectTranscript('hostile-names', transcript);
  expect(transcript).toBe(escapeLines(transcript));
});
