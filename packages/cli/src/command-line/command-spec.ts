// Commands as plain data: name, descriptions, arguments, options, examples. Help, completion, docs/cli.md and
// the man page are all made from it. The code of a command is in a module of its own, which is imported when
// the command runs.

/** The type of the value of an argument or option. */
export type ValueSpec =
  | { readonly type: 'text' }
  /** Bytes in hex. */
  | { readonly type: 'hex' }
  | { readonly type: 'path'; readonly of: PathKind }
  /** An integer from `least` to `most`. */
  | { readonly type: 'count'; readonly least: number; readonly most?: number }
  | { readonly type: 'choice'; readonly choices: readonly string[] }
  /**
   * A reference to one sync (sync-reference.ts); `stores` names the arguments and options whose stores hold it.
   * `isVersion`: it is a kept version of the sync that the option `sync` names. @defaultValue false
   */
  | { readonly type: 'sync'; readonly stores: readonly string[]; readonly isVersion?: true }
  /** References to several syncs, separated by commas or in repeated options. */
  | { readonly type: 'syncs'; readonly stores: readonly string[] };

/**
 * A `store` can also be named by an address (store-name.ts), a `cluster store` and a `cluster database` only so; the
 * others are in the file system.
 */
export type PathKind =
  | 'store'
  | 'store directory'
  | 'cluster store'
  | 'cluster database'
  | 'file'
  | 'directory';

/** A positional argument. */
export interface ArgumentSpec {
  readonly name: string;
  readonly summary: string;
  readonly value: ValueSpec;
  /** Takes all remaining words, even none. @defaultValue false */
  readonly variadic?: true;
}

/** An option that takes a value: `--limit <n>`. */
export interface ValueOptionSpec {
  readonly summary: string;
  readonly value: ValueSpec;
  /** The name of the value in help. */
  readonly placeholder: string;
  /** @defaultValue false */
  readonly required?: true;
  /** @defaultValue none: the option may be left out */
  readonly default?: string | number;
}

/** An option without a value: `--raw`. */
export interface SwitchSpec {
  readonly summary: string;
  readonly value?: undefined;
  /** The switch is on by default, and `--no-NAME` turns it off. @defaultValue false */
  readonly negated?: true;
}

export type OptionSpec = ValueOptionSpec | SwitchSpec;

/** A command as plain data. */
export interface CommandSpec {
  /** One word; two where several commands share the first. */
  readonly name: string;
  /** Only scripts run the command, so no list of commands shows it. @defaultValue false */
  readonly isHidden?: true;
  /** The command runs until a signal ends it, which is not a failure. @defaultValue false */
  readonly runsUntilSignal?: true;
  /** One line, for the list of commands. */
  readonly summary: string;
  /** The full description, for the command's own help. */
  readonly description: string;
  readonly arguments: readonly ArgumentSpec[];
  /** By name; `dryRun` is `--dry-run` on the command line. */
  readonly options: Readonly<Record<string, OptionSpec>>;
  /** Command lines without `sstitch`, each with an explanation. */
  readonly examples: readonly (readonly [commandLine: string, what: string])[];
}

/** Commands whose two-word names share the first word. */
export type FamilySpec = Pick<CommandSpec, 'name' | 'summary' | 'description' | 'examples'>;

/** All commands, in the groups and the order in which help lists them. */
export interface ProgramSpec {
  readonly name: string;
  readonly summary: string;
  readonly groups: ReadonlyArray<{
    readonly title: string;
    readonly commands: readonly CommandSpec[];
  }>;
  readonly families: readonly FamilySpec[];
}

/** Every command that is not hidden, in order. */
export function commandsOf(program: ProgramSpec): readonly CommandSpec[] {
  return program.groups.flatMap(({ commands }) => commands).filter(({ isHidden }) => !isHidden);
}

type ValueOf<V> = V extends { readonly type: 'count' }
  ? number
  : V extends { readonly type: 'choice'; readonly choices: ReadonlyArray<infer Choice> }
    ? Choice
    : V extends { readonly type: 'syncs' }
      ? readonly string[]
      : V extends { readonly type: 'hex' }
        ? Uint8Array
        : string;

type OptionInput<O> = O extends { readonly value: infer V extends ValueSpec }
  ? O extends { readonly required: true } | { readonly default: string | number }
    ? ValueOf<V>
    : ValueOf<V> | undefined
  : boolean;

type ArgumentInput<A> = A extends { readonly variadic: true; readonly value: infer V }
  ? readonly ValueOf<V>[]
  : A extends { readonly value: infer V }
    ? ValueOf<V>
    : never;

/** The input of a command: its arguments and options by name. */
export type InputOf<C extends CommandSpec> = {
  readonly [A in C['arguments'][number] as A['name']]: ArgumentInput<A>;
} & { readonly [Name in keyof C['options']]: OptionInput<C['options'][Name]> };

/** Keeps the literal types of a spec, from which `InputOf` derives the type of the input. */
export function defineCommand<const C extends CommandSpec>(command: C): C {
  return command;
}
