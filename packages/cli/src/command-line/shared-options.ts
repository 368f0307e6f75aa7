// Options of several commands, as plain data.
import { BUCKETS } from '@sstitch/keys';
import type { ArgumentSpec, OptionSpec } from './command-spec.js';

/** The options of every command. */
export const STANDARD_OPTIONS = {
  json: { summary: 'print the result as one JSON document' },
  quiet: { summary: 'print only the result: no progress, no summary' },
  verbose: { summary: 'print each step, and the causes of an error, to standard error' },
} as const satisfies Record<string, OptionSpec>;

const BUCKET_NAMES = BUCKETS.map(({ bucket }) => bucket);
const MAX_WAIT_SECONDS = 7 * 24 * 60 * 60;

/** The option `--sync` of a command that takes several syncs; `stores` is as in `ValueSpec`. */
export function syncsOption<const Stores extends readonly string[]>(
  summary: string,
  stores: Stores,
) {
  return {
    summary: `${summary} (comma-separated)`,
    value: { type: 'syncs', stores },
    placeholder: 'syncs',
  } as const;
}

export function bucketOption(summary: string) {
  return {
    summary,
    value: { type: 'choice', choices: BUCKET_NAMES },
    placeholder: 'bucket',
  } as const;
}

export const limitOption = {
  summary: 'the most entries to show',
  value: { type: 'count', least: 1 },
  placeholder: 'n',
  default: 20,
} as const satisfies OptionSpec;

/** The argument of a command that reads a store, or a file of syncs as a store. */
export const storeOrFileArgument = {
  name: 'store',
  summary: 'the store, or the .c1z, .jsonl or .csv file, to read',
  value: { type: 'path', of: 'store' },
} as const satisfies ArgumentSpec;

/** The option of a command that takes {@link storeOrFileArgument}. */
export const zoneOption = {
  summary:
    'the time zone of the times in a .c1z file without zones; the default is that of this host',
  value: { type: 'text' },
  placeholder: 'zone',
} as const satisfies OptionSpec;

export const waitOption = {
  summary: 'how long to wait for a store that another process has open',
  value: { type: 'count', least: 0, most: MAX_WAIT_SECONDS },
  placeholder: 'seconds',
  default: 0,
} as const satisfies OptionSpec;
