// What each command gets, gives back, and is described by.
import type { Command } from 'commander';
import type { ExitCode } from '../exit-codes.js';
import type { Io } from '../terminal/io.js';
import type { ProgressLine } from '../terminal/progress-line.js';
import type { Style } from '../terminal/style.js';

/** What a command works with. */
export interface CommandContext {
  readonly io: Io;
  /** Whether the result goes out as one JSON document. */
  readonly json: boolean;
  readonly style: Style;
  /** What a line of the result may be wide; no limit where it does not go to a terminal. */
  readonly columns: number;
  readonly progress: ProgressLine;
  readonly signal: AbortSignal;
}

/** What a command found or did: for programs and for people. */
export interface CommandResult {
  /** Printed with --json. */
  readonly document: unknown;
  /** Printed without it; ends in a newline unless it is empty. */
  readonly text: string;
  /** @defaultValue 0 */
  readonly exitCode?: ExitCode;
  /** One line for standard error, where the exit code needs explaining. */
  readonly complaint?: string;
}

/** What a command does; undefined where it has written its output itself. */
export type Action<Arguments extends unknown[]> = (
  context: CommandContext,
  ...commandArguments: Arguments
) => Promise<CommandResult | undefined>;

/** What `--help` says about a command. */
export interface CommandHelp {
  /** Name and positional arguments, as commander reads them. */
  readonly usage: string;
  /** One line, for the list of commands. */
  readonly summary: string;
  /** More, for the command's own help. */
  readonly description: string;
  /** Command lines without the `sstitch`, each with what it does. */
  readonly examples: readonly (readonly [commandLine: string, what: string])[];
}

/** Where commands are added. */
export interface CommandRegistry {
  /** Makes a command with --json, --help and its examples. */
  define(help: CommandHelp, parent?: Command): Command;
  /** Turns an action into what commander calls. */
  handle<Arguments extends unknown[]>(
    action: Action<Arguments>,
  ): (...commandArguments: [...Arguments, Command]) => Promise<void>;
}
