// Compares the output of every command and every exit code with the text files in test/transcripts, so that a
// change of the output shows in review. `npx vitest run test/transcripts.test.ts --update` rewrites them.
import { cpSync, mkdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { escapeLines, jsonText } from '../src/terminal/escape.js';
import { Interruption } from '../src/terminal/io.js';
import { ACCESS_STEPS } from './access-steps.js';
import { damageTable } from './damage-table.js';
import { aTable, COMMAND_NAMES, FIRST, makeScene, SECOND, THIRD } from './every-command.js';
import { sstitch, testDirectory } from './in-process.js';
import { openElsewhere } from './process.js';
import type { Step } from './transcript-step.js';

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
      .replaceAll(/"bytes": \d+/g, '"bytes": SIZE')
      .replaceAll(/at byte \d+/g, 'at byte NUMBER')
      .replaceAll(/\b20\d\d-\d\d-\d\d \d\d:\d\d:\d\d\b/g, 'DATE')
  );
}

const compact = 'compact --base base --from fresh';

/** The steps of each command's transcript; `--help` is always the first. */
const STEPS: Readonly<Record<string, readonly (string | Step)[]>> = {
  compact: [
    `${compact} --sync ${FIRST} --dry-run`,
    `${compact} --sync latest`,
    `${compact} --sync latest --quiet`,
    `${compact} --sync latest --strategy rebuild --purge`,
    `${compact} --sync latest --strategy batch`,
    `${compact} --sync ${SECOND}`,
    `${compact} --sync ${SECOND} --allow-empty`,
    `${compact} --sync latest --as ${SECOND}`,
    `${compact} --sync latest --as ${SECOND} --dry-run`,
    `${compact} --sync latest --as ${SECOND} --strategy link`,
    `${compact} --all --dry-run`,
    `${compact} --all`,
    compact,
    `${compact} --all --sync latest`,
    {
      line: `${compact} --sync latest --allow-empty`,
      options: { answers: ['n'], isTerminal: true, env: { TERM: 'dumb' } },
    },
    {
      line: `${compact} --sync ${SECOND} --allow-empty`,
      options: { answers: ['n'], isTerminal: true, env: { TERM: 'dumb' } },
      before: (scene) => {
        rmSync(join(scene, 'base'), { recursive: true });
        cpSync(join(template, 'base'), join(scene, 'base'), { recursive: true });
      },
    },
    `${compact} --sync zzz`,
    'compact --base base --from base --sync latest',
  ],
  import: [
    'import sync.jsonl --into imported',
    'import sync.jsonl --into base --sync latest --verbose',
    `import sync.jsonl --into base --as ${SECOND}`,
    {
      line: 'import bad.jsonl sync.jsonl archive --into imported',
      before: (scene) => {
        mkdirSync(join(scene, 'archive'));
        cpSync(join(scene, 'sync.jsonl'), join(scene, 'archive', 'copy.jsonl'));
        writeFileSync(join(scene, 'bad.jsonl'), '{"type":"grant","record":{"sync_id":7}}');
      },
    },
    'import - --into base',
    'import --into base',
    `import sync.jsonl base --into base --as ${SECOND}`,
    'import sync.jsonl --into base --sync 36zz',
    'import sync.jsonl --into base --zone UTC',
    'import TABLE --into base',
    'import nothing --into base',
  ],
  watch: [
    {
      line: 'watch incoming --into watched --once --interval 1',
      before: (scene) => {
        mkdirSync(join(scene, 'incoming'));
        cpSync(join(scene, 'sync.jsonl'), join(scene, 'incoming', 'sync.jsonl'));
        writeFileSync(join(scene, 'incoming', 'bad.jsonl'), 'nonsense');
        writeFileSync(join(scene, 'incoming', 'notes.txt'), 'not looked at');
      },
    },
    'watch incoming --into watched --once --interval 1',
    'watch nothing --into watched',
    'watch incoming --into watched --interval 0',
  ],
  merge: [
    `merge base --base ${SECOND} --partials ${FIRST} --as ${THIRD}`,
    `merge base --base ${SECOND} --partials ${FIRST} --as ${THIRD}`,
    `merge base --base ${SECOND} --partials ${FIRST} --as ${THIRD} --replace --no-assets --quiet`,
    `merge base --base ${SECOND} --partials zzz`,
    `merge base --base ${SECOND}`,
  ],
  ...ACCESS_STEPS,
  clone: [
    `clone base --sync ${SECOND} --as ${THIRD}`,
    `clone base --sync ${SECOND} --as ${THIRD}`,
    `clone base --sync ${SECOND} --as ${THIRD} --replace --quiet`,
    `clone base --sync ${SECOND} --into archive`,
    `clone base --sync ${THIRD} --as ${THIRD}`,
    'clone base --sync zzz',
  ],
  rename: [
    `rename base --sync latest --as ${THIRD}`,
    `rename base --sync ${SECOND} --as ${THIRD}`,
    'rename base --sync latest --as 36zf',
    `rename base --sync ${SECOND} --as ${SECOND}`,
  ],
  rollback: [
    'rollback base --sync latest',
    'rollback base --sync latest --list',
    `${compact} --sync ${FIRST} --keep-replaced`,
    'syncs base',
    `rollback base --sync ${FIRST} --list`,
    `diff base fresh --sync ${FIRST} --exit-code --limit 2`,
    `rollback base --sync ${FIRST}`,
    `diff base fresh --sync ${FIRST} --exit-code --limit 2`,
    `rollback base --sync ${FIRST} --side ${SECOND}`,
    `${compact} --sync ${FIRST} --keep-replaced --strategy link`,
    `${compact} --sync ${FIRST} --keep-replaced --purge`,
  ],
  prune: [
    'prune base --dry-run',
    'prune base',
    { line: 'prune base', options: { answers: ['n'] } },
    { line: 'prune base', options: { answers: ['y'] } },
    'prune base --yes',
    'prune base --keep 0',
  ],
  drop: [
    { line: 'drop base --sync latest', options: { answers: ['n'] } },
    { line: 'drop base --sync latest', options: { answers: ['y'] } },
    'drop base --sync latest',
    `drop base --sync ${FIRST} --yes --no-purge`,
    `drop base --sync ${FIRST} --yes`,
  ],
  generate: ['generate made --grants 30 --syncs 2', 'generate made --grants 30 --quiet'],
  syncs: [
    'syncs base',
    'syncs base --quiet',
    'syncs base --exact --json',
    { line: 'syncs base', options: { isTerminal: true, columns: 60, env: { NO_COLOR: '1' } } },
  ],
  digest: [
    'digest base --sync @2',
    'digest base --sync @2,latest --quiet',
    `digest fresh --sync ${SECOND}`,
  ],
  verify: [
    'verify base',
    'verify base --quiet',
    `verify fresh --sync ${SECOND}`,
    {
      line: 'verify base',
      before: (scene) => damageTable(join(scene, 'base')),
    },
  ],
  diff: [
    `diff base fresh --sync ${FIRST}`,
    'diff base fresh --sync 36yq,36yx',
    `diff base base --sync ${FIRST} --to ${SECOND} --limit 5`,
    'diff sync.jsonl fresh --limit 3',
    'diff sync.jsonl base --exit-code',
    `diff base fresh --sync ${FIRST} --exit-code --limit 0`,
    {
      line: 'diff before.jsonl after.jsonl --records',
      before: (scene) => {
        for (const [name, displayName] of [
          ['before', 'User'],
          ['after', 'Person'],
        ]) {
          const record = { sync_id: FIRST, external_id: 'user', display_name: displayName };
          const line = JSON.stringify({ type: 'resource_type', record });
          writeFileSync(join(scene, `${name}.jsonl`), `${line}\n`);
        }
      },
    },
    `diff fresh fresh --sync ${SECOND}`,
    'diff base fresh --sync 36yq,36yx --to latest',
    'diff base fresh --records --json',
  ],
  export: [
    'export fresh --sync latest',
    'export fresh --sync latest --output sync.jsonl',
    'export fresh --sync latest --output grants.csv.gz',
    'export fresh --sync latest --output - --format csv',
    'export base --sync latest,@2 --output both.c1z',
    'export fresh --sync latest --output sync.txt',
    'export fresh --sync latest --bom',
    `export fresh --sync ${SECOND}`,
  ],
  get: [
    'get base --sync latest --bucket sync_run',
    'get base --sync latest --bucket resource_type user',
    'get base --sync latest --bucket resource_type user --raw',
    'get base --sync latest --bucket resource_type nobody',
    'get base --sync latest --bucket resource user',
    'get base --sync latest',
    'get base --key 00',
  ],
  scan: [
    'scan base --limit 3',
    'scan base --sync latest --bucket resource_type --prefix us',
    'scan base --sync @2 --bucket grant_by_principal --limit 2',
    'scan base --key-prefix 03 --limit 1 --raw',
    'scan base --prefix us',
    'scan base --limit 0',
  ],
  levels: ['levels base'],
  space: ['space base', 'space base --exact', 'space base --reclaim'],
  checkpoint: [
    'checkpoint base copy',
    'checkpoint base copy',
    'checkpoint base for-go --format pebble',
  ],
  adopt: ['adopt generation adopted', 'adopt base adopted2'],
  salvage: ['salvage base'],
  'sst dump': ['sst dump TABLE --limit 2', 'sst dump sync.jsonl'],
  'sst verify': ['sst verify TABLE', 'sst verify TABLE --quiet', 'sst verify base'],
  'manifest dump': ['manifest dump generation', 'manifest dump base'],
  demo: ['demo --grants 20', 'demo --grants 20 --quiet'],
  selftest: ['selftest --dir nothing'],
  completion: ['completion bash', 'completion zsh', 'completion fish', 'completion tcsh'],
  'complete-syncs': [
    { line: 'complete-syncs -- digest base --sync', words: [''] },
    'complete-syncs -- compact --base fresh --from=base --sync 36yx',
    'complete-syncs -- diff base fresh --sync latest,l',
    { line: 'complete-syncs -- frobnicate', words: [''] },
  ],
};

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
    'syncs sync.jsonl',
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
