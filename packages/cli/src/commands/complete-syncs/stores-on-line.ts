// Finds the stores whose syncs an unfinished command line may name.
import { type CommandSpec, commandsOf, type ProgramSpec } from '../../command-line/command-spec.js';
import { flagOf } from '../../command-line/option-names.js';

/** The locations of the stores that the line names so far; none if the line cannot be parsed. */
export function storesOnLine(program: ProgramSpec, words: readonly string[]): readonly string[] {
  const command = commandsOf(program).find(({ name }) => {
    const parts = name.split(' ');
    return parts.every((part, at) => words[at] === part);
  });
  if (command === undefined) return [];
  const values = valuesOf(command, words.slice(command.name.split(' ').length));
  const named = Object.values(command.options).flatMap(({ value }) =>
    value?.type === 'sync' || value?.type === 'syncs' ? value.stores : [],
  );
  return [...new Set(named)].flatMap((name) => values.get(name) ?? []);
}

/** The values on the line by the names of their arguments and options. */
function valuesOf(command: CommandSpec, words: readonly string[]): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  const names = command.arguments.map(({ name }) => name);
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? '';
    if (!word.startsWith('-')) {
      const name = names.shift();
      if (name !== undefined) values.set(name, word);
      continue;
    }
    const [flag, attached] = word.split(/=(.*)/s);
    const option = Object.entries(command.options).find(
      ([name, each]) => flagOf(name, each) === flag,
    );
    if (option === undefined || option[1].value === undefined) continue;
    const value = attached ?? words[++at];
    if (value !== undefined) values.set(option[0], value);
  }
  return values;
}
