// What a command sees of the outside: injected, so that tests run commands in process.
import { EXIT_CODES, type ExitCode } from '../exit-codes.js';

/** A stream that text goes to, and bytes of other kinds where a command is asked for them. */
export interface Output {
  readonly isTerminal: boolean;
  /** Width in characters. */
  readonly columns: number;
  /**
   * Fulfils when the text or the bytes are written and more may follow.
   *
   * @throws OutputClosed where the reader has gone; CliError SSTITCH_OUTPUT_FAILED for any other failure.
   * Standard error never throws: there is nowhere to report it.
   */
  write(content: string | Uint8Array): Promise<void>;
}

/** The environment variables that are looked at. */
export interface Environment {
  /** Anything but '': no colours. */
  readonly NO_COLOR?: string | undefined;
  /** Colours elsewhere than on a terminal too; `0`: none. */
  readonly FORCE_COLOR?: string | undefined;
  /** `dumb`: no colours, no progress line. */
  readonly TERM?: string | undefined;
  /** `1`: errors come with their causes and stacks. */
  readonly SSTITCH_DEBUG?: string | undefined;
}

/** The outside of a command. */
export interface Io {
  readonly stdout: Output;
  readonly stderr: Output;
  /** Standard input, to be read once. */
  stdin(): AsyncIterable<Uint8Array>;
  readonly env: Environment;
  /** Fires when the command is to stop; its reason is an `Interruption` where a signal did it. */
  readonly signal: AbortSignal;
  /** Asks on the terminal; '' at the end of input, undefined where there is nobody to ask. */
  ask(question: string): Promise<string | undefined>;
}

/** The reader of the output has gone, as `head` does: there is nothing to report. */
export class OutputClosed extends Error {
  override readonly name = 'OutputClosed';
}

/** The signals that end a command, with their exit codes. */
export const SIGNAL_EXIT_CODES = {
  SIGHUP: EXIT_CODES.hungUp,
  SIGINT: EXIT_CODES.interrupted,
  SIGTERM: EXIT_CODES.terminated,
} as const satisfies Partial<Record<NodeJS.Signals, ExitCode>>;

/** Why the command is to stop: a signal came. */
export class Interruption extends Error {
  override readonly name = 'Interruption';
  readonly exitCode: ExitCode;

  constructor(signal: keyof typeof SIGNAL_EXIT_CODES) {
    super(signal);
    this.exitCode = SIGNAL_EXIT_CODES[signal];
  }
}

/** Width where a stream is no terminal. */
export const DEFAULT_COLUMNS = 80;
