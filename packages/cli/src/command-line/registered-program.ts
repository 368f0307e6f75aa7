// Specs of commands, each with the import of its code.
import type { CommandContext, CommandResult, Run } from './command-context.js';
import type { CommandSpec, ProgramSpec } from './command-spec.js';

/** A command whose code is imported when it runs. */
export interface RegisteredCommand extends CommandSpec {
  readonly load: () => Promise<{
    readonly run: (
      context: CommandContext,
      input: Readonly<Record<string, unknown>>,
    ) => Promise<CommandResult | undefined>;
  }>;
}

/** A program whose commands can be run. */
export interface RegisteredProgram extends ProgramSpec {
  readonly groups: ReadonlyArray<{
    readonly title: string;
    readonly commands: readonly RegisteredCommand[];
  }>;
}

/** Pairs a spec with the module that runs the command. The compiler checks that the module accepts the input. */
export function register<C extends CommandSpec>(
  spec: C,
  load: () => Promise<{ readonly run: Run<C> }>,
): RegisteredCommand {
  // The input is parsed according to the spec from which its type is derived.
  return { ...spec, load: load as unknown as RegisteredCommand['load'] };
}
