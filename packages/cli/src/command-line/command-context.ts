// What a command works with and what it returns.
import type { ExitCode } from '../exit-codes.js';
import type { Io } from '../terminal/io.js';
import type { ProgressLine } from '../terminal/progress-line.js';
import type { Style } from '../terminal/style.js';
import type { CommandSpec, InputOf, ProgramSpec } from './command-spec.js';

/** What a command does; undefined where it has written its output itself. */
export type Run<C extends CommandSpec> = (
  context: CommandContext,
  input: InputOf<C>,
) => Promise<CommandResult | undefined>;

/** What a command works with. */
export interface CommandContext {
  readonly io: Io;
  /** Whether the result goes out as one JSON document. */
  readonly json: boolean;
  /** Whether only what was asked for is printed. */
  readonly quiet: boolean;
  readonly style: Style;
  /** Width of a line of the result, in characters; no limit where it does not go to a terminal. */
  readonly columns: number;
  readonly progress: ProgressLine;
  readonly signal: AbortSignal;
  /** Writes a line to standard error with --verbose. */
  readonly note: (text: string) => void;
  /** All commands as data, for those that describe them. */
  readonly program: ProgramSpec;
}

/** What a command found or did: for programs and for people. Texts end in a newline unless they are empty. */
export interface CommandResult {
  /** Printed with --json. */
  readonly document: unknown;
  /** What was asked for. */
  readonly text?: string;
  /** What was done and how it went, printed after `text`; left out with --quiet. */
  readonly summary?: string;
  /** @defaultValue 0 */
  readonly exitCode?: ExitCode;
  /** One line for standard error, where the exit code needs explaining. */
  readonly complaint?: string;
}
