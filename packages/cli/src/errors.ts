// Errors of the command line, and how any error is reported to people and to programs.
import { withAdvice } from './advice.js';
import { EXIT_CODE_BY_ERROR, EXIT_CODES, type ExitCode } from './exit-codes.js';

/** Every code a CliError can have. */
export type CliErrorCode =
  /** An argument or option is missing, unknown or has a value it cannot have. */
  | 'SSTITCH_USAGE'
  /** The store or file holds nothing under this sync id. */
  | 'SSTITCH_SYNC_NOT_FOUND'
  /** A line of the file to import is not a record. */
  | 'SSTITCH_IMPORT_INVALID'
  /** A check that the command makes did not hold. */
  | 'SSTITCH_CHECK_FAILED'
  /** There is nothing under this key. */
  | 'SSTITCH_KEY_NOT_FOUND'
  /** The user said no. */
  | 'SSTITCH_DECLINED'
  /** The file or directory to read is not there. */
  | 'SSTITCH_INPUT_NOT_FOUND'
  /** What is to be read is not of the kind it should be. */
  | 'SSTITCH_INPUT_UNFIT'
  /** Standard output cannot be written; `cause` has the file system's error. */
  | 'SSTITCH_OUTPUT_FAILED'
  /** A signal came when a part was done; the message says which. */
  | 'SSTITCH_ABORTED'
  /** The file system said no; `cause` has its error. */
  | 'SSTITCH_FILE_OPERATION';

/** The one error class of @sstitch/cli. */
export class CliError extends Error {
  override readonly name = 'CliError';
  readonly code: CliErrorCode;

  constructor(code: CliErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

export function usageError(message: string): CliError {
  return new CliError('SSTITCH_USAGE', message);
}

/** An error as it is reported. */
export interface ErrorReport {
  readonly code: string;
  /** One line. */
  readonly message: string;
  readonly exitCode: ExitCode;
  /** The file or directory concerned. */
  readonly path: string | undefined;
  /** The process that has the store open, where the error names one. */
  readonly pid?: number | undefined;
}

/**
 * Finds in an error and its causes what to report: code and message are those of the outermost error of this
 * project, the exit code is that of the first code in the chain that has one.
 */
export function reportOf(error: unknown): ErrorReport {
  const chain = causesOf(error);
  const own = chain.find((link) => isOwnCode(codeOf(link)));
  const exitCode =
    chain.map((link) => EXIT_CODE_BY_ERROR.get(codeOf(link) ?? '')).find((code) => code) ??
    EXIT_CODES.failed;
  if (own !== undefined) {
    return {
      code: codeOf(own) ?? 'SSTITCH_INTERNAL',
      message: adviceFor(own),
      exitCode,
      path: pathOf(own),
      pid: pidOf(own),
    };
  }
  // Not an error that was foreseen: its words may help, its stack is for SSTITCH_DEBUG.
  const message = error instanceof Error ? error.message : String(error);
  return {
    code: chain.map(codeOf).find((code) => code !== undefined) ?? 'SSTITCH_INTERNAL',
    message: `unexpected: ${oneLine(message)} (SSTITCH_DEBUG=1 shows more)`,
    exitCode,
    path: undefined,
  };
}

/** The messages of an error's causes, for --verbose. */
export function causesText(error: unknown): readonly string[] {
  const [reported, ...causes] = causesOf(error).map(({ message }) => oneLine(message));
  return causes
    .filter((message, at) => message !== (at === 0 ? reported : causes[at - 1]))
    .map((message) => `caused by: ${message}`);
}

/** The error and its causes with their stacks, for SSTITCH_DEBUG=1. */
export function causeChainOf(error: unknown): string {
  return causesOf(error)
    .map((link, depth) => `${depth === 0 ? '' : 'caused by '}${link.stack ?? link.message}`)
    .join('\n');
}

function causesOf(error: unknown): Error[] {
  const chain: Error[] = [];
  let current = error;
  while (current instanceof Error && !chain.includes(current)) {
    chain.push(current);
    current = current.cause;
  }
  return chain;
}

function isOwnCode(code: string | undefined): boolean {
  return code !== undefined && (code.startsWith('SSTITCH_') || code === 'LEVEL_LOCKED');
}

function codeOf(error: Error): string | undefined {
  const { code } = error as { code?: unknown };
  return typeof code === 'string' ? code : undefined;
}

function pathOf(error: Error): string | undefined {
  const { path } = error as { path?: unknown };
  return typeof path === 'string' ? path : undefined;
}

function pidOf(error: Error): number | undefined {
  const { holder } = error as { holder?: unknown };
  return typeof holder === 'number' ? holder : undefined;
}

function adviceFor(error: Error): string {
  const message = oneLine(error.message);
  // A process cannot wait for itself.
  return pidOf(error) === process.pid ? message : withAdvice(codeOf(error) ?? '', message);
}

function oneLine(text: string): string {
  return text.replaceAll(/\s*\n\s*/g, ' ').trim();
}
