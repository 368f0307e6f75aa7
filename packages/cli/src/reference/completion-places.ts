// Lists the places of a command line: each command and each family of commands, with the words that can follow it.
import {
  type CommandSpec,
  commandsOf,
  type OptionSpec,
  type ProgramSpec,
} from '../command-line/command-spec.js';
import { flagOf } from '../command-line/option-names.js';
import { STANDARD_OPTIONS } from '../command-line/shared-options.js';

/** A place on a command line, after the words of `path`. */
export interface Place {
  /** Empty for the program itself. */
  readonly path: readonly string[];
  /** Commands, by their next word. */
  readonly children: ReadonlyArray<{ readonly name: string; readonly summary: string }>;
  /** The values of its arguments, if they are choices. */
  readonly choices: readonly string[];
  readonly options: readonly OfferedOption[];
}

export interface OfferedOption {
  /** As it is typed: `--sync`, `-h`. */
  readonly flags: readonly string[];
  readonly summary: string;
  readonly value: 'none' | 'syncs' | 'other' | readonly string[];
}

const HELP: OfferedOption = { flags: ['-h', '--help'], summary: 'show help', value: 'none' };
const VERSION: OfferedOption = {
  flags: ['-V', '--version'],
  summary: 'print the version',
  value: 'none',
};

/** All places of a program; the first is that of the program itself. */
export function completionPlaces(program: ProgramSpec): readonly Place[] {
  const commands = commandsOf(program);
  const firstWords = new Map<string, string>();
  for (const { name, summary } of commands) {
    const [first = '', second] = name.split(' ');
    const family = program.families.find((each) => each.name === first);
    firstWords.set(first, second === undefined ? summary : (family?.summary ?? summary));
  }
  const standard = [...offered(STANDARD_OPTIONS), HELP];
  const root: Place = {
    path: [],
    children: [...firstWords].map(([name, summary]) => ({ name, summary })),
    choices: [],
    options: [...standard, VERSION],
  };
  const families = program.families.map(
    ({ name: family }): Place => ({
      path: [family],
      children: commands
        .filter(({ name }) => name.startsWith(`${family} `))
        .map(({ name, summary }) => ({ name: name.slice(family.length + 1), summary })),
      choices: [],
      options: standard,
    }),
  );
  const places = commands.map(
    (command): Place => ({
      path: command.name.split(' '),
      children: [],
      choices: choicesOf(command),
      options: [...offered(command.options), ...standard],
    }),
  );
  return [root, ...families, ...places];
}

function choicesOf(command: CommandSpec): readonly string[] {
  return command.arguments.flatMap(({ value }) => (value.type === 'choice' ? value.choices : []));
}

function offered(options: CommandSpec['options']): readonly OfferedOption[] {
  return Object.entries(options).map(([name, option]) => ({
    flags: [flagOf(name, option)],
    summary: option.summary,
    value: offeredValue(option),
  }));
}

function offeredValue({ value }: OptionSpec): OfferedOption['value'] {
  if (value === undefined) return 'none';
  if (value.type === 'choice') return value.choices;
  return value.type === 'sync' || value.type === 'syncs' ? 'syncs' : 'other';
}
