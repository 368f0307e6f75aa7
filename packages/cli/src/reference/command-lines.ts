// Formats command lines for the references.
import type {
  ArgumentSpec,
  CommandSpec,
  OptionSpec,
  ValueSpec,
} from '../command-line/command-spec.js';

/** `sstitch get [options] <store> [ids...]`. */
export function usageOf(command: CommandSpec): string {
  return ['sstitch', command.name, '[options]', ...command.arguments.map(argumentTerm)].join(' ');
}

export function argumentTerm({ name, variadic }: ArgumentSpec): string {
  return variadic === true ? `[${name}...]` : `<${name}>`;
}

/** Facts about an option that its summary does not state: its values, its default, whether it is required. */
export function optionFacts(option: OptionSpec): readonly string[] {
  if (option.value === undefined) return [];
  return [
    ...valueFacts(option.value),
    ...(option.default === undefined ? [] : [`default ${option.default}`]),
    ...(option.required === true ? ['required'] : []),
  ];
}

function valueFacts(value: ValueSpec): readonly string[] {
  if (value.type === 'choice') return [`one of ${value.choices.join(', ')}`];
  if (value.type === 'count') {
    return [value.most === undefined ? `from ${value.least}` : `${value.least} to ${value.most}`];
  }
  return [];
}

/** The name of the file in `schemas/` that describes the command's document. */
export function schemaFile(command: Pick<CommandSpec, 'name'>): string {
  return `${command.name.replace(' ', '-')}.schema.json`;
}
