// Finds what an unfinished command line asks for: the option whose value its last word is, and the values before it.
import {
  type CommandSpec,
  commandsOf,
  type ProgramSpec,
  type ValueSpec,
} from '../../command-line/command-spec.js';
import { flagOf } from '../../command-line/option-names.js';

/** The option whose value is completed. */
export interface OptionOnLine {
  /** The locations of the stores whose syncs the value can name. */
  readonly stores: readonly string[];
  /** Whether the value names a kept version. */
  readonly isVersion: boolean;
  /** The value of the option `sync`, if it is on the line. */
  readonly sync: string | undefined;
}

/**
 * Finds the option.
 *
 * @param words the words before the value
 * @returns undefined if the last of them does not take the name of a sync that exists
 */
export function optionOnLine(
  program: ProgramSpec,
  words: readonly string[],
): OptionOnLine | undefined {
  const command = commandsOf(program).find(({ name }) => {
    const parts = name.split(' ');
    return parts.every((part, at) => words[at] === part);
  });
  if (command === undefined) return undefined;
  const value = valueAfter(command, words.at(-1) ?? '');
  if (value?.type !== 'sync' && value?.type !== 'syncs') return undefined;
  if (value.stores.length === 0) return undefined;
  const values = valuesOf(command, words.slice(command.name.split(' ').length, -1));
  return {
    stores: [...new Set(value.stores.flatMap((name) => values.get(name) ?? []))],
    isVersion: value.type === 'sync' && value.isVersion === true,
    sync: values.get('sync')?.at(-1),
  };
}

function valueAfter(command: CommandSpec, flag: string): ValueSpec | undefined {
  return optionOf(command, flag)?.[1].value;
}

function optionOf(command: CommandSpec, flag: string) {
  return Object.entries(command.options).find(([name, each]) => flagOf(name, each) === flag);
}

/** The values on the line by the names of their arguments and options. */
function valuesOf(
  command: CommandSpec,
  words: readonly string[],
): ReadonlyMap<string, readonly string[]> {
  const values = new Map<string, string[]>();
  const add = (name: string, value: string) =>
    values.set(name, [...(values.get(name) ?? []), value]);
  const names = [...command.arguments];
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? '';
    if (!word.startsWith('-')) {
      const [next] = names;
      if (next === undefined) continue;
      add(next.name, word);
      if (next.variadic !== true) names.shift();
      continue;
    }
    const [flag = '', attached] = word.split(/=(.*)/s);
    const option = optionOf(command, flag);
    if (option === undefined || option[1].value === undefined) continue;
    const value = attached ?? words[++at];
    if (value !== undefined) add(option[0], value);
  }
  return values;
}
