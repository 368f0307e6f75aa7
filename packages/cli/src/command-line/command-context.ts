// What a command receives and returns.
import type { ErrorReport } from '../errors.js';
import type { ExitCode } from '../exit-codes.js';
import type { Io } from '../terminal/io.js';
import type { ProgressLine } from '../terminal/progress-line.js';
import type { Style } from '../terminal/style.js';
import type { CommandSpec, InputOf, ProgramSpec } from './command-spec.js';

/** The function that runs a command. It returns undefined if it has written its output itself. */
export type Run<C extends CommandSpec> = (
  context: CommandContext,
  input: InputOf<C>,
) => Promise<CommandResult | undefined>;

/** What a command receives besides its input. */
export interface CommandContext {
  readonly io: Io;
  /** Whether the result is printed as one JSON document. */
  readonly json: boolean;
  /** Whether only the requested output is printed, without summary and progress. */
  readonly quiet: boolean;
  readonly style: Style;
  /** The most characters in a line of the result; infinity if the output is not a terminal. */
  readonly columns: number;
  readonly progress: ProgressLine;
  readonly signal: AbortSignal;
  /** Writes a line to standard error if --verbose is given. */
  readonly note: (text: string) => void;
  /** The specs of all commands, for commands that describe them. */
  readonly program: ProgramSpec;
}

/** What a command found or did, for programs and for people. Every text ends in a newline unless it is empty. */
export interface CommandResult {
  /** Printed with --json. */
  readonly document: unknown;
  /** The requested output. */
  readonly text?: string;
  /** What the command did and how long it took; printed after `text`, but not with --quiet. */
  readonly summary?: string;
  /** @defaultValue 0 */
  readonly exitCode?: ExitCode;
  /** One line for standard error that explains the exit code. */
  readonly complaint?: string;
  /** The error of a command that did a part of its work. It is printed as any error, and has the exit code. */
  readonly error?: ErrorReport;
}
