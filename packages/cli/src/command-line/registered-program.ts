// Commands with the imports of what they do.
import type { CommandContext, CommandResult, Run } from './command-context.js';
import type { CommandSpec, ProgramSpec } from './command-spec.js';

/** A command whose work is imported when it runs. */
export interface RegisteredCommand extends CommandSpec {
  readonly load: () => Promise<{
    readonly run: (
      context: CommandContext,
      input: Readonly<Record<string, unknown>>,
    ) => Promise<CommandResult | undefined>;
  }>;
}

/** A program that can be run. */
export interface RegisteredProgram extends ProgramSpec {
  readonly groups: ReadonlyArray<{
    readonly title: string;
    readonly commands: readonly RegisteredCommand[];
  }>;
}

/** Pairs a command with the module that does its work; the compiler checks that the module takes its input. */
export function register<C extends CommandSpec>(
  spec: C,
  load: () => Promise<{ readonly run: Run<C> }>,
): RegisteredCommand {
  // The input is parsed by the same data that its type is made of.
  return { ...spec, load: load as unknown as RegisteredCommand['load'] };
}
