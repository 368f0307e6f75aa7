// What holds for all commands, as plain data: for help, docs/cli.md and the man page.
import { wrap } from '../output/wrap.js';

/** Exit codes with a word or two for help, and a sentence for the reference. */
export const EXIT_CODE_NOTES = [
  {
    code: '0',
    short: 'done',
    long: 'Done; also where the reader of the output left early, as `head` does.',
  },
  {
    code: '1',
    short: 'failed',
    long:
      'Failed: the file system or LevelDB refused, the target of a copy exists, `get` found nothing, ' +
      'the answer to a question was no or the input ended (Ctrl-D), or standard output could not be ' +
      'written, as on a full disk.',
  },
  { code: '2', short: 'wrong usage', long: 'Wrong usage: nothing was touched.' },
  { code: '3', short: 'no such sync', long: 'No such sync in the store or file.' },
  {
    code: '4',
    short: 'damaged or unfit input, or a failed check',
    long: 'What was to be read is damaged or is something else, or a check failed.',
  },
  {
    code: '5',
    short: 'no such store or file',
    long: 'What was to be read does not exist: a store, a database, a file, a directory.',
  },
  {
    code: '6',
    short: 'locked by another process',
    long: 'Another process has the store open, and still had it after --wait.',
  },
  {
    code: '129, 130, 143',
    short: 'ended by SIGHUP, SIGINT (Ctrl-C), SIGTERM, the store as it was',
    long:
      'Ended by SIGHUP, SIGINT (Ctrl-C), SIGTERM: the store is as it was. A second signal ends the ' +
      'process at once; temporary directories are removed all the same.',
  },
] as const;

/** How an option or argument names a sync. */
export const SYNC_NOTES = [
  ['36zfOAoWMxQdISbixanQCRBiX7E', 'the sync with this id'],
  ['36zf', 'the one sync whose id begins so'],
  ['latest', 'the sync that started last'],
  ['latest-finished', 'the sync that finished last'],
  ['@2', 'the sync that started second to last; @1 is latest'],
] as const;

export const ENVIRONMENT_NOTES = [
  ['NO_COLOR', 'anything: no colours'],
  ['FORCE_COLOR', 'anything: colours elsewhere than on a terminal too; 0: no colours'],
  ['TERM', 'dumb: no colours, and no progress line'],
  ['TMPDIR', 'where temporary directories are made'],
  ['NODE_COMPILE_CACHE', 'where Node keeps compiled code; NODE_DISABLE_COMPILE_CACHE=1: nowhere'],
  ['SSTITCH_DEBUG', '1: an error is printed with its causes and stacks'],
] as const;

/** What holds for the output of all commands: a paragraph each. */
export const OUTPUT_NOTES = [
  '--json, before the command or after it, prints exactly one JSON document on standard output: bytes ' +
    'and milliseconds as numbers, keys in hex. Each command has a JSON Schema of it. `export` writes ' +
    'JSON lines in any case.',
  'An error is one line on standard error, `sstitch: …`. With --json a second line follows there, ' +
    '`{"error":{"code","message","exitCode","path","pid"}}`: `path` where a file or directory is concerned, ' +
    '`pid` where another process has the store open and is known. Standard output then stays empty, ' +
    'except where a finding is the result: `verify` with problems (4), `digest` and `verify --sync` of a ' +
    'sync that is not there (3), and a `demo` or `selftest` that fails print their document too.',
  'A store is changed before its result is written: exit code 1 for output that could not be written ' +
    'does not say that nothing was done.',
  'Tables fit the width of a terminal: a row that does not fit goes on in further lines, indented. ' +
    'Elsewhere each row is one line. Progress is shown on standard error, on a terminal only.',
  'Text from data is escaped: control characters, and marks that change the direction of text, are ' +
    'printed as JSON escapes them.',
] as const;

const HELP_COLUMNS = 80;

/** What help says after the list of commands. */
export function helpEpilogue(): string {
  const codes = EXIT_CODE_NOTES.map(({ code, short }) => `${code} ${short}`).join('; ');
  const [, prefix, latest, finished, rank] = SYNC_NOTES.map(([form]) => form);
  const syncs =
    `A sync is named by its id, the beginning of its id (${prefix}), ${latest}, ${finished}, ` +
    `or ${rank} for the second newest.`;
  return `
${wrap(`Exit codes: ${codes}.`, HELP_COLUMNS)}

${wrap(syncs, HELP_COLUMNS)}

First steps:
  $ sstitch demo
      Watch a compaction, from start to proof, in a temporary directory.
  $ sstitch compact --help
      The main job, with examples.
`;
}
