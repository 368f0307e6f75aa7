// Notes that apply to all commands, as plain data for help, docs/cli.md and the man page.
import { wrap } from '../output/wrap.js';

/** Exit codes, each with a few words for help and a sentence for the reference. */
export const EXIT_CODE_NOTES = [
  {
    code: '0',
    short: 'done',
    long: 'Done; also if the reader of the output closed it early, as `head` does.',
  },
  {
    code: '1',
    short: 'failed',
    long:
      'Failed: the file system or LevelDB reported an error, the database of a cluster did not answer or ' +
      'refused the command, the target of a copy or the id of a new sync is taken, `get` or `who` found nothing or ' +
      'the sync holds no such name, `diff --exit-code` found a difference, the answer to a question was no or the input ' +
      'ended (Ctrl-D), or standard output could not be written, as on a full disk.',
  },
  { code: '2', short: 'wrong usage', long: 'Wrong usage: nothing was touched.' },
  { code: '3', short: 'no such sync', long: 'No such sync in the store or file.' },
  {
    code: '4',
    short: 'damaged or wrong input, or a failed check',
    long: 'The input is damaged or of another kind than expected, or a check failed.',
  },
  {
    code: '5',
    short: 'no such store or file',
    long: 'The input does not exist: a store, a database, a file or a directory.',
  },
  {
    code: '6',
    short: 'locked by another process',
    long: 'Another process has the store open, and did not close it within the time of --wait.',
  },
  {
    code: '129, 130, 143',
    short: 'ended by SIGHUP, SIGINT (Ctrl-C) or SIGTERM before the commit',
    long:
      'Ended by SIGHUP, SIGINT (Ctrl-C) or SIGTERM before the commit: the store is as it was. `import` and `watch` ' +
      'commit each file, and `generate` each sync: what they committed before stays, and the error of `import` and ' +
      '`generate` says how much that is. A signal after the commit does not end the command. A second signal ends the ' +
      'process at once, before or after the commit; temporary directories are still removed.',
  },
] as const;

/** The ways to name a store in an option or argument. */
export const STORE_NOTES = [
  [
    './base',
    'the store in this directory; `levels`, `space`, `checkpoint`, `adopt` and `salvage` take only such stores',
  ],
  [
    'postgres://ann@db:5432/main/acme',
    'the store acme in the database main of a PostgreSQL server; after ?, `schema` names the schema of its tables',
  ],
  [
    'cassandra://db1,db2:9042/tenants/acme',
    'the store acme in the keyspace tenants of a Cassandra cluster; after ?, `dc` names the data centre to connect to, and `replication` the number of copies if the keyspace is created',
  ],
  [
    '…/acme%2Feu',
    'the store acme/eu: names are percent-encoded, and the name of the store is the last part of the path',
  ],
  [
    '…/acme?lease=60',
    'a lease of 60 seconds instead of 30: how long the command may be unable to reach the database',
  ],
  [
    '…/acme?tls=require&ca=ca.pem',
    'over TLS: `tls` is require, no-verify (the certificate is not checked) or off; `ca`, `cert` and `key` name PEM files',
  ],
] as const;

/** The ways to name a sync in an option or argument. */
export const SYNC_NOTES = [
  ['36zfOAoWMxQdISbixanQCRBiX7E', 'the sync with this id'],
  ['36zf', 'the only sync whose id begins with this'],
  ['latest', 'the sync that started last'],
  ['latest-finished', 'the sync that finished last'],
  ['@2', 'the sync that started second to last; @1 is latest'],
] as const;

export const ENVIRONMENT_NOTES = [
  ['NO_COLOR', 'any value: no colours'],
  ['FORCE_COLOR', 'any value: colours even if the output is not a terminal; 0: no colours'],
  ['TERM', 'dumb: no colours, and no progress line'],
  ['TMPDIR', 'where temporary directories are created'],
  ['NODE_COMPILE_CACHE', 'where Node caches compiled code; NODE_DISABLE_COMPILE_CACHE=1: nowhere'],
  ['SSTITCH_CLUSTER_USER', 'the user for a store on a cluster, if its address names none'],
  ['SSTITCH_CLUSTER_PASSWORD', 'the password for a store on a cluster'],
  ['SSTITCH_CLUSTER_PASSWORD_FILE', 'the file whose first line is that password'],
  ['SSTITCH_DEBUG', '1: errors are printed with their causes and stacks'],
] as const;

/** Notes on the output of all commands, one paragraph each. */
export const OUTPUT_NOTES = [
  '--json, before or after the command, prints exactly one JSON document on standard output: bytes ' +
    'and milliseconds are numbers, keys are hex. Each command has a JSON Schema for its document. ' +
    '`export` writes JSON lines with and without it.',
  'An error is one line on standard error, `sstitch: …`. With --json a second line follows, ' +
    '`{"error":{"code","reason","message","exitCode","path","pid"}}`, with `reason` if the code has ' +
    'several, `path` if the error concerns a file or directory, and `pid` if another process that has ' +
    'the store open is known. Standard output then stays empty, except after `import` and `watch --once`, ' +
    'which print their document if only some of several files failed.',
  'These findings are not errors: problems of `verify`, a failed `demo` or `selftest` (4), a missing sync in `digest` ' +
    'and `verify --sync` (3), an empty answer of `who`, and differences in `diff --exit-code` (1). The command prints ' +
    'its document and no `error` line; all but `diff` also print one line on standard error.',
  'A command changes a store before it writes its result: if the output cannot be written, the exit ' +
    'code is 1 although the store has changed.',
  'Tables fit the width of a terminal: a row that does not fit continues on further, indented lines. ' +
    'If the output is not a terminal, each row is one line. Progress is shown on standard error, only ' +
    'on a terminal.',
  'Text from data is escaped: control characters, and marks that change the direction of text, are ' +
    'printed as JSON escapes.',
] as const;

const HELP_COLUMNS = 80;

/** The text that help prints after the list of commands. */
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
      Show a compaction and check its result, in a temporary directory.
  $ sstitch compact --help
      The main job, with examples.
`;
}
