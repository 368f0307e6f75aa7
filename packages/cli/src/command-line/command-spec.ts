// What a command is, as plain data: its name, its words for people, its arguments and options, its examples.
// Help, completion, docs/cli.md and the man page are all made of this. What the command does is a module of its
// own, which is imported when the command runs.

/** What the value of an argument or option may be. */
export type ValueSpec =
  | { readonly type: 'text' }
  /** Bytes in hex. */
  | { readonly type: 'hex' }
  | { readonly type: 'path'; readonly of: PathKind }
  /** A whole number from `least` to `most`. */
  | { readonly type: 'count'; readonly least: number; readonly most?: number }
  | { readonly type: 'choice'; readonly choices: readonly string[] }
  /** One sync, by a reference (sync-reference.ts); `stores` names the arguments and options whose stores hold it. */
  | { readonly type: 'sync'; readonly stores: readonly string[] }
  /** Several, between commas or by giving the option again. */
  | { readonly type: 'syncs'; readonly stores: readonly string[] };

export type PathKind = 'store' | 'file' | 'directory';

/** A positional argument. */
export interface ArgumentSpec {
  readonly name: string;
  readonly summary: string;
  readonly value: ValueSpec;
  /** Takes all words that are left, and may be left out. @defaultValue false */
  readonly variadic?: true;
}

/** An option that takes a value: `--limit <n>`. */
export interface ValueOptionSpec {
  readonly summary: string;
  readonly value: ValueSpec;
  /** What stands for the value in help. */
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
  /** It is on by default, and `--no-NAME` switches it off. @defaultValue false */
  readonly negated?: true;
}

export type OptionSpec = ValueOptionSpec | SwitchSpec;

/** A command as plain data. */
export interface CommandSpec {
  /** One word; two where several commands share the first. */
  readonly name: string;
  /** Is run by scripts, not by people: no list of commands shows it. @defaultValue false */
  readonly isHidden?: true;
  /** One line, for the list of commands. */
  readonly summary: string;
  /** More, for the command's own help. */
  readonly description: string;
  readonly arguments: readonly ArgumentSpec[];
  /** By name; `dryRun` is `--dry-run` on the command line. */
  readonly options: Readonly<Record<string, OptionSpec>>;
  /** Command lines without the `sstitch`, each with what it does. */
  readonly examples: readonly (readonly [commandLine: string, what: string])[];
}

/** The first word of commands whose names are two. */
export type FamilySpec = Pick<CommandSpec, 'name' | 'summary' | 'description' | 'examples'>;

/** All commands, grouped and ordered as help lists them. */
export interface ProgramSpec {
  readonly name: string;
  readonly summary: string;
  readonly groups: ReadonlyArray<{
    readonly title: string;
    readonly commands: readonly CommandSpec[];
  }>;
  readonly families: readonly FamilySpec[];
}

/** Every command that is for people, in order. */
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

/** What a command is run with: its arguments and options, by name. */
export type InputOf<C extends CommandSpec> = {
  readonly [A in C['arguments'][number] as A['name']]: ArgumentInput<A>;
} & { readonly [Name in keyof C['options']]: OptionInput<C['options'][Name]> };

/** Keeps the literal types of a command's data, of which its input's type is made. */
export function defineCommand<const C extends CommandSpec>(command: C): C {
  return command;
}
