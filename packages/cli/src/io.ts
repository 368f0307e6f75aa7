// What a command sees of the outside: injected, so that tests run commands in process.

/** A stream that text goes to. */
export interface Output {
  readonly isTerminal: boolean;
  /** Width in characters. */
  readonly columns: number;
  /** Fulfils when more may be written. */
  write(text: string): Promise<void>;
}

/** The outside of a command. */
export interface Io {
  readonly stdout: Output;
  readonly stderr: Output;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Fires on Ctrl-C. */
  readonly signal: AbortSignal;
  /** Asks on the terminal; undefined where there is nobody to ask. */
  ask(question: string): Promise<string | undefined>;
}

/** Width where a stream is no terminal. */
export const DEFAULT_COLUMNS = 80;
