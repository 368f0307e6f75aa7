// What a command sees of the outside: injected, so that tests run commands in process.

/** A stream that text goes to. */
export interface Output {
  readonly isTerminal: boolean;
  /** Width in characters. */
  readonly columns: number;
  /** Fulfils when more may be written. */
  write(text: string): Promise<void>;
}

/** The environment variables that are looked at. */
export interface Environment {
  /** Anything but '': no colours. */
  readonly NO_COLOR?: string | undefined;
  /** `dumb`: no colours, no progress line. */
  readonly TERM?: string | undefined;
  /** `1`: errors come with their causes and stacks. */
  readonly SSTITCH_DEBUG?: string | undefined;
}

/** The outside of a command. */
export interface Io {
  readonly stdout: Output;
  readonly stderr: Output;
  readonly env: Environment;
  /** Fires on Ctrl-C. */
  readonly signal: AbortSignal;
  /** Asks on the terminal; undefined where there is nobody to ask. */
  ask(question: string): Promise<string | undefined>;
}

/** Why the signal fires when whoever reads the output has gone, as `head` does: there is nothing to tell. */
export class OutputClosed extends Error {
  override readonly name = 'OutputClosed';
}

/** Width where a stream is no terminal. */
export const DEFAULT_COLUMNS = 80;
