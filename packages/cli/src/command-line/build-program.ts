// Makes commander's program of the commands' data.
import { Argument, Option } from 'commander';
import type {
  ArgumentSpec,
  CommandSpec,
  FamilySpec,
  OptionSpec,
  ValueSpec,
} from './command-spec.js';
import { flagOf } from './option-names.js';
import { parseValue } from './option-values.js';
import type { RegisteredCommand, RegisteredProgram } from './registered-program.js';
import { STANDARD_OPTIONS } from './shared-options.js';
import { RepeatableOption, StrictCommand } from './strict-command.js';

/** Which of the standard options are given, before the command or after it. */
export interface StandardInput {
  readonly json: boolean;
  readonly quiet: boolean;
  readonly verbose: boolean;
}

/** Runs a command whose command line is parsed. */
export type RunCommand = (
  command: RegisteredCommand,
  input: Readonly<Record<string, unknown>>,
  standard: StandardInput,
) => Promise<void>;

export interface ProgramOptions {
  readonly version: string;
  readonly runCommand: RunCommand;
  /** Help after the list of commands. */
  readonly epilogue: string;
  readonly helpColumns: number;
  /** Takes help, whether it is asked for or comes with a complaint. */
  readonly onHelp: (text: string) => void;
}

export function buildProgram(program: RegisteredProgram, options: ProgramOptions): StrictCommand {
  const { version, epilogue, helpColumns, onHelp } = options;
  const root = new StrictCommand(program.name);
  root
    .description(program.summary)
    .version(version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'show help')
    .helpCommand(false)
    .configureHelp({
      helpWidth: helpColumns,
      // Arguments are in each command's own help.
      subcommandTerm: (command) => command.name(),
    })
    .configureOutput({
      writeOut: onHelp,
      writeErr: onHelp,
      // The caller prints errors.
      outputError: () => undefined,
    })
    .exitOverride()
    .addHelpText('after', epilogue);
  addOptions(root, STANDARD_OPTIONS);
  for (const { title, commands } of program.groups) {
    root.commandsGroup(`${title}:`);
    for (const command of commands) addCommand(root, program, command, options.runCommand);
  }
  return root;
}

function addCommand(
  root: StrictCommand,
  program: RegisteredProgram,
  command: RegisteredCommand,
  runCommand: RunCommand,
): void {
  const [first = '', second] = command.name.split(' ');
  const parent = second === undefined ? root : familyOf(root, program, first);
  const added = describedCommand(parent, second ?? first, command);
  for (const argument of command.arguments) added.addArgument(argumentOf(argument));
  addOptions(added, command.options);
  addOptions(added, STANDARD_OPTIONS);
  added.action(async (...given: unknown[]) => {
    const values: Record<string, unknown> = {};
    command.arguments.forEach(({ name }, at) => {
      values[name] = given[at];
    });
    const options = added.opts<Record<string, unknown>>();
    for (const [name, option] of Object.entries(command.options)) {
      const value = options[name];
      values[name] = option.value === undefined ? value === true : value;
    }
    const all = added.optsWithGlobals<Partial<StandardInput>>();
    await runCommand(command, values, {
      json: all.json === true,
      quiet: all.quiet === true,
      verbose: all.verbose === true,
    });
  });
}

function familyOf(root: StrictCommand, program: RegisteredProgram, name: string): StrictCommand {
  const known = root.commands.find((command) => command.name() === name);
  if (known !== undefined) return known as StrictCommand;
  const family = program.families.find((each) => each.name === name);
  if (family === undefined) throw new Error(`no family of commands is named ${name}`);
  const added = describedCommand(root, name, family);
  addOptions(added, STANDARD_OPTIONS);
  return added;
}

function describedCommand(
  parent: StrictCommand,
  name: string,
  { summary, description, examples, ...rest }: CommandSpec | FamilySpec,
): StrictCommand {
  const isHidden = 'isHidden' in rest && rest.isHidden === true;
  const lines = examples.map(([line, what]) => `  $ sstitch ${line}\n      ${what}\n`);
  const command = parent.command(name, { hidden: isHidden }) as StrictCommand;
  command
    .summary(summary)
    .description(description)
    .helpOption('-h, --help', 'show this help')
    .addHelpText('after', `\nExamples:\n${lines.join('')}`);
  return command;
}

function argumentOf({ name, summary, value, variadic }: ArgumentSpec): Argument {
  const argument = new Argument(variadic === true ? `[${name}...]` : `<${name}>`, summary);
  if (value.type === 'choice') return argument.choices(value.choices);
  if (variadic !== true) argument.argParser(parserOf(value));
  return argument;
}

function addOptions(command: StrictCommand, options: CommandSpec['options']): void {
  for (const [name, option] of Object.entries(options)) {
    command.addOption(optionOf(name, option));
  }
}

function optionOf(name: string, spec: OptionSpec): Option {
  const flag = flagOf(name, spec);
  if (spec.value === undefined) return new Option(flag, spec.summary);
  const flags = `${flag} <${spec.placeholder}>`;
  const option =
    spec.value.type === 'syncs'
      ? new RepeatableOption(flags, spec.summary)
      : new Option(flags, spec.summary);
  if (spec.value.type === 'choice') option.choices(spec.value.choices);
  else option.argParser(parserOf(spec.value));
  if (spec.default !== undefined) option.default(spec.default);
  if (spec.required === true) option.makeOptionMandatory();
  return option;
}

function parserOf(value: ValueSpec): (text: string, before?: unknown) => unknown {
  return (text, before) => parseValue(value, text, before);
}
