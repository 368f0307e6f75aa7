// The interface between commands and the outside. It is injected, so that tests run commands in their own process.
import { EXIT_CODES, type ExitCode } from '../exit-codes.js';

/** A stream for text, and for bytes where a command writes them. */
export interface Output {
  /** Whether the stream is a terminal. Colours and progress lines need one. */
  readonly isTerminal: boolean;
  /** Width in characters. */
  readonly columns: number;
  /**
   * Fulfils when the content is written and more may follow.
   *
   * @throws OutputClosed if the reader has closed the stream; CliError SSTITCH_OUTPUT_FAILED on any other
   * failure. Standard error never throws: there is nowhere to report the failure.
   */
  write(content: string | Uint8Array): Promise<void>;
}

/** The environment variables that the program reads. */
export interface Environment {
  /** Any value but '': no colours. */
  readonly NO_COLOR?: string | undefined;
  /** Colours even if the output is not a terminal; `0`: no colours. */
  readonly FORCE_COLOR?: string | undefined;
  /** `dumb`: no colours, no progress line. */
  readonly TERM?: string | undefined;
  /** `1`: errors are printed with their causes and stacks. */
  readonly SSTITCH_DEBUG?: string | undefined;
}

/** The outside of a command. */
export interface Io {
  /** Where results go. Scripts read it, so it holds nothing else. */
  readonly stdout: Output;
  /** Where progress, notes and errors go. */
  readonly stderr: Output;
  /** Standard input, which can be read only once. Reading rejects when the signal fires. */
  stdin(): AsyncIterable<Uint8Array>;
  /** The environment variables that `sstitch` reads. */
  readonly env: Environment;
  /** Fires when the command must stop; its reason is an `Interruption` if a signal arrived. */
  readonly signal: AbortSignal;
  /** Asks on the terminal. Returns '' at the end of input, undefined if there is no terminal. */
  ask(question: string): Promise<string | undefined>;
}

/** Thrown if the reader has closed the output, as `head` does; not reported as an error. */
export class OutputClosed extends Error {
  override readonly name = 'OutputClosed';
}

/** The signals that end a command, with their exit codes. */
export const SIGNAL_EXIT_CODES = {
  SIGHUP: EXIT_CODES.hungUp,
  SIGINT: EXIT_CODES.interrupted,
  SIGTERM: EXIT_CODES.terminated,
} as const satisfies Partial<Record<NodeJS.Signals, ExitCode>>;

/** The reason of an abort by a signal. */
export class Interruption extends Error {
  override readonly name = 'Interruption';
  readonly exitCode: ExitCode;

  constructor(signal: keyof typeof SIGNAL_EXIT_CODES) {
    super(signal);
    this.exitCode = SIGNAL_EXIT_CODES[signal];
  }
}

/** The width of a stream that is not a terminal. */
export const DEFAULT_COLUMNS = 80;
