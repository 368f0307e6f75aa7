// The list of all commands: which there are, in which order help shows them, and how each is imported.
import type { CommandContext, CommandResult, Run } from './command-context.js';
import type { CommandSpec } from './command-spec.js';

/** A command with the import of what it does. */
export interface RegisteredCommand {
  readonly spec: CommandSpec;
  readonly load: () => Promise<{ readonly run: ErasedRun }>;
}

type ErasedRun = (
  context: CommandContext,
  input: Readonly<Record<string, unknown>>,
) => Promise<CommandResult | undefined>;

/** Pairs a command with the module that does its work; the compiler checks that their inputs agree. */
export function register<C extends CommandSpec>(
  spec: C,
  load: () => Promise<{ readonly run: Run<C> }>,
): RegisteredCommand {
  // The input is made of the same data as its type.
  return { spec, load: load as unknown as RegisteredCommand['load'] };
}

/** Commands that help lists together. */
export interface CommandGroup {
  readonly title: string;
  readonly commands: readonly RegisteredCommand[];
}

/** The first word of commands whose names are two. */
export type CommandFamily = Pick<CommandSpec, 'name' | 'summary' | 'description' | 'examples'>;

/** Every command. */
export interface Catalogue {
  readonly groups: readonly CommandGroup[];
  readonly families: readonly CommandFamily[];
}
