// Builds commander's program from the specs of the commands.
import { Argument, type Command, Option } from 'commander';
import type {
  ArgumentSpec,
  CommandSpec,
  FamilySpec,
  OptionSpec,
  ValueSpec,
} from './command-spec.js';
import { optionTerm } from './option-names.js';
import { parseValue } from './option-values.js';
import type { RegisteredCommand, RegisteredProgram } from './registered-program.js';
import { STANDARD_OPTIONS } from './shared-options.js';
import { RepeatableOption, StrictCommand } from './strict-command.js';

/** The standard options as given, before the command or after it. */
export interface StandardInput {
  readonly json: boolean;
  readonly quiet: boolean;
  readonly verbose: boolean;
}

/** Runs a command with its parsed input. */
export type RunCommand = (
  command: RegisteredCommand,
  input: Readonly<Record<string, unknown>>,
  standard: StandardInput,
) => Promise<void>;

export interface ProgramOptions {
  readonly version: string;
  readonly runCommand: RunCommand;
  /** The text that help prints after the list of commands. */
  readonly epilogue: string;
  readonly helpColumns: number;
  /** Receives help text, whether the user asked for it or an error printed it. */
  readonly onHelp: (text: string) => void;
}

export function buildProgram(program: RegisteredProgram, options: ProgramOptions): StrictCommand {
  return new ProgramBuilder(program, options).build();
}

/** Builds only the chosen command in full: help shows the others as one line each. */
class ProgramBuilder {
  readonly #program: RegisteredProgram;
  readonly #options: ProgramOptions;
  readonly #root: StrictCommand;
  /** Adds the arguments, options and help of a command. */
  readonly #completions = new Map<Command, () => void>();

  constructor(program: RegisteredProgram, options: ProgramOptions) {
    this.#program = program;
    this.#options = options;
    this.#root = new StrictCommand(program.name);
  }

  build(): StrictCommand {
    const { version, epilogue, helpColumns, onHelp } = this.#options;
    this.#root
      .description(this.#program.summary)
      .version(version, '-V, --version', 'print the version')
      .helpOption('-h, --help', 'show help')
      .helpCommand(false)
      .configureHelp({
        helpWidth: helpColumns,
        // Each command's own help shows its arguments.
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
    addOptions(this.#root, STANDARD_OPTIONS);
    this.#completeChosen(this.#root);
    for (const { title, commands } of this.#program.groups) {
      this.#root.commandsGroup(`${title}:`);
      for (const command of commands) this.#addCommand(command);
    }
    return this.#root;
  }

  #addCommand(command: RegisteredCommand): void {
    const [first = '', second] = command.name.split(' ');
    const parent = second === undefined ? this.#root : this.#family(first);
    this.#add(parent, second ?? first, command, (added) => {
      for (const argument of command.arguments) added.addArgument(argumentOf(argument));
      addOptions(added, command.options);
      added.action(async (...given: unknown[]) => {
        requireOptions(added, command.options);
        const all = added.optsWithGlobals<Partial<StandardInput>>();
        await this.#options.runCommand(command, inputOf(command, given, added.opts()), {
          json: all.json === true,
          quiet: all.quiet === true,
          verbose: all.verbose === true,
        });
      });
    });
  }

  /** The family whose commands have `name` as their first word. */
  #family(name: string): StrictCommand {
    const known = this.#root.commands.find((command) => command.name() === name);
    if (known !== undefined) return known as StrictCommand;
    const family = this.#program.families.find((each) => each.name === name);
    if (family === undefined) throw new Error(`no family of commands is named ${name}`);
    const added = this.#add(this.#root, name, family);
    this.#completeChosen(added);
    return added;
  }

  #add(
    parent: StrictCommand,
    name: string,
    spec: CommandSpec | FamilySpec,
    complete: (added: StrictCommand) => void = () => undefined,
  ): StrictCommand {
    const hidden = 'isHidden' in spec && spec.isHidden === true;
    const added = parent.command(name, { hidden }) as StrictCommand;
    added.summary(spec.summary);
    this.#completions.set(added, () => {
      const lines = spec.examples.map(([line, what]) => `  $ sstitch ${line}\n      ${what}\n`);
      added
        .description(spec.description)
        .helpOption('-h, --help', 'show this help')
        .addHelpText('after', `\nExamples:\n${lines.join('')}`);
      complete(added);
      addOptions(added, STANDARD_OPTIONS);
    });
    return added;
  }

  #completeChosen(parent: StrictCommand): void {
    parent.hook('preSubcommand', (_, chosen) => this.#completions.get(chosen)?.());
  }
}

function inputOf(
  command: RegisteredCommand,
  given: readonly unknown[],
  options: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  const input: Record<string, unknown> = {};
  for (const [at, { name }] of command.arguments.entries()) input[name] = given[at];
  for (const [name, option] of Object.entries(command.options)) {
    const value = options[name];
    input[name] = option.value === undefined ? value === true : value;
  }
  return input;
}

function argumentOf({ name, summary, value, variadic }: ArgumentSpec): Argument {
  const argument = new Argument(variadic === true ? `[${name}...]` : `<${name}>`, summary);
  if (value.type === 'choice') argument.choices(value.choices);
  if (variadic !== true) argument.argParser(parserOf(value));
  return argument;
}

function addOptions(command: StrictCommand, options: CommandSpec['options']): void {
  for (const [name, option] of Object.entries(options)) {
    command.addOption(optionOf(name, option));
  }
}

/** Reports missing options after unknown ones: commander would report an option with a mistyped name as missing. */
function requireOptions(command: StrictCommand, options: CommandSpec['options']): void {
  for (const [name, option] of Object.entries(options)) {
    if (option.value === undefined || option.required !== true) continue;
    if (command.getOptionValue(name) !== undefined) continue;
    command.error(`error: required option '${optionTerm(name, option)}' not specified`);
  }
}

function optionOf(name: string, spec: OptionSpec): Option {
  const flags = optionTerm(name, spec);
  if (spec.value === undefined) return new Option(flags, spec.summary);
  const option =
    spec.value.type === 'syncs'
      ? new RepeatableOption(flags, spec.summary)
      : new Option(flags, spec.summary);
  if (spec.value.type === 'choice') option.choices(spec.value.choices);
  option.argParser(parserOf(spec.value));
  if (spec.default !== undefined) option.default(spec.default);
  return option;
}

function parserOf(value: ValueSpec): (text: string, before?: unknown) => unknown {
  return (text, before) => parseValue(value, text, before);
}
