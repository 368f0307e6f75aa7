// Fuzzes the input of the command line: arguments, and .jsonl files to import.
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { EXIT_CODES, run } from '@sstitch/cli';
import { below, mutateBytes, type Random } from './fuzz-inputs.js';
import type { SampleEntry } from './fuzz-records.js';

const KNOWN_EXIT_CODES = new Set<number>(Object.values(EXIT_CODES));
const COMMANDS = [
  ...['import', 'compact', 'syncs', 'digest', 'verify', 'diff', 'export', 'get', 'scan', 'drop'],
  ...['checkpoint', 'adopt', 'levels', 'sst', 'manifest', 'dump'],
];
const OPTIONS = [
  ...['--sync', '--into', '--base', '--from', '--strategy', '--allow-empty', '--dry-run', '--json'],
  ...['--yes', '--limit', '--raw', '--bucket', '--key', '--help', '--version', '--exact', '--nope'],
];
const VALUES = [
  ...[
    '',
    '-',
    '--',
    '0',
    '-1',
    '1e9',
    '9999999999999999999',
    '\0',
    '\n',
    'é\u{1f600}',
    '../..',
    '/dev/null',
  ],
  ...[
    'link',
    'grant',
    '__proto__',
    'constructor',
    'a,b,,c',
    '36zfOAoWMxQdISbixanQCRBiX7E',
    'ff',
    '0x',
  ],
];

/** Runs random arguments, which must end in an exit code and one line that says why. Returns whether they succeeded. */
export async function fuzzCommandLine(
  random: Random,
  directory: string,
  store: string,
): Promise<boolean> {
  const values = [...VALUES, join(directory, 'nowhere'), store, join(store, 'CURRENT')];
  const argv = [COMMANDS[below(random, COMMANDS.length)] ?? ''];
  for (let left = below(random, 6); left > 0; left--) {
    const from = below(random, 2) === 0 ? OPTIONS : values;
    argv.push(from[below(random, from.length)] ?? '');
  }
  // Commands that create something get a path in the scratch directory.
  const made = ['import', 'compact', 'drop', 'adopt', 'checkpoint'].includes(argv[0] ?? '');
  if (made) argv.splice(1, argv.length, ...argv.slice(1).filter((value) => value !== store));
  return (await runCommand(argv)) === 0;
}

/** Imports lines that are nearly records. Returns whether they were imported. */
export async function fuzzJsonLines(
  random: Random,
  entries: readonly SampleEntry[],
  directory: string,
): Promise<boolean> {
  const records = entries.filter(({ isRecord }) => isRecord);
  const lines = Array.from({ length: 1 + below(random, 3) }, () => {
    const { bucket, value } = records[below(random, records.length)] as SampleEntry;
    return JSON.stringify({ type: bucket, value: Buffer.from(value).toString('base64') });
  });
  const tries = [
    '"__proto__"',
    '{}',
    '[]',
    'null',
    '1e999',
    '"\\ud800"',
    '[[[[[[[[',
    '"x":'.repeat(9),
  ];
  const line = below(random, 3) === 0 ? (tries[below(random, tries.length)] ?? '') : '';
  const path = join(directory, 'fuzzed.jsonl');
  const text = Buffer.from([...lines, line].join('\n'));
  writeFileSync(path, mutateBytes(random, text));
  const store = join(directory, 'imported');
  try {
    return (await runCommand(['import', path, '--into', store])) === 0;
  } finally {
    rmSync(store, { recursive: true, force: true });
  }
}

async function runCommand(argv: readonly string[]): Promise<number> {
  let errors = '';
  const output = (write: (text: string) => void) => ({
    isTerminal: false,
    columns: 80,
    write: async (text: string) => write(text),
  });
  const exitCode = await run(argv, {
    stdout: output(() => undefined),
    stderr: output((text) => {
      errors += text;
    }),
    stdin: async function* () {},
    env: {},
    signal: new AbortController().signal,
    ask: async () => undefined,
  });
  const said = `${JSON.stringify(argv)} gave ${exitCode}: ${errors}`;
  if (!KNOWN_EXIT_CODES.has(exitCode)) throw new Error(`an unknown exit code: ${said}`);
  // The command line marks errors without a code as "unexpected".
  if (/unexpected:|\n\s+at /.test(errors)) throw new Error(`an unexpected error: ${said}`);
  if (exitCode !== 0 && !errors.includes('sstitch')) throw new Error(`no message: ${said}`);
  return exitCode;
}
