// The errors of the command line, and the report of any error to people and programs.
import { adviceOn } from './advice.js';
import { EXIT_CODE_BY_ERROR, EXIT_CODES, type ExitCode } from './exit-codes.js';

/** The codes of errors after which a commit may have taken effect or not. */
const DOUBT_CODES: ReadonlyArray<string | undefined> = [
  'SSTITCH_COMMIT_UNKNOWN',
  'SSTITCH_STORE_POISONED',
];

/** The closed set of codes of a CliError. */
export type CliErrorCode =
  /** An argument or option is missing, unknown or has an invalid value. */
  | 'SSTITCH_USAGE'
  /** The store holds a sync with the id of a new one. */
  | 'SSTITCH_SYNC_EXISTS'
  /** No principal, resource or entitlement of the sync has the name. */
  | 'SSTITCH_NAME_NOT_FOUND'
  /** The store or file does not hold the sync. */
  | 'SSTITCH_SYNC_NOT_FOUND'
  /** A line of the file to import is not a record. */
  | 'SSTITCH_IMPORT_INVALID'
  /** A check that the command made failed. */
  | 'SSTITCH_CHECK_FAILED'
  /** The store does not hold the key. */
  | 'SSTITCH_KEY_NOT_FOUND'
  /** The user answered no. */
  | 'SSTITCH_DECLINED'
  /** The file or directory to read does not exist. */
  | 'SSTITCH_INPUT_NOT_FOUND'
  /** The input is not of the expected kind. */
  | 'SSTITCH_INPUT_UNFIT'
  /** Standard output cannot be written; the file system's error is the `cause`. */
  | 'SSTITCH_OUTPUT_FAILED'
  /** A signal ended the command after a part of its work; the message says which part is done. */
  | 'SSTITCH_ABORTED'
  /** The file system reported an error, which is the `cause`. */
  | 'SSTITCH_FILE_OPERATION';

/** The one error class of @sstitch/cli. */
export class CliError extends Error {
  /** The class's name, by which callers recognise an error of another copy of the package. */
  override readonly name = 'CliError';
  /** The kind of failure, as `--json` prints it. */
  readonly code: CliErrorCode;
  /** Whether the message says what to do better than the advice on its code. */
  readonly hasAdvice: boolean;

  constructor(
    code: CliErrorCode,
    message: string,
    options: ErrorOptions & { readonly hasAdvice?: boolean } = {},
  ) {
    super(message, options);
    this.code = code;
    this.hasAdvice = options.hasAdvice ?? false;
  }
}

export function usageError(message: string): CliError {
  return new CliError('SSTITCH_USAGE', message);
}

/** The report of an error. */
export interface ErrorReport {
  /** The error's code, or SSTITCH_INTERNAL for an error without a known one. */
  readonly code: string;
  /** The reason, of an error of the engine or of a cluster that has one. */
  readonly reason?: string | undefined;
  /** One line. */
  readonly message: string;
  /** The exit code that the process ends with. */
  readonly exitCode: ExitCode;
  /** The file or directory that the error concerns. */
  readonly path: string | undefined;
  /** The process that has the store open, if the error names one. */
  readonly pid?: number | undefined;
}

/**
 * Builds the report from an error and its causes: code and message are those of the outermost error of this
 * project; the exit code is that of the first code in the chain that has one.
 *
 * @param hasOption whether the command has an option, which the message may then advise @defaultValue it has all
 */
export function reportOf(
  error: unknown,
  hasOption: (name: string) => boolean = () => true,
): ErrorReport {
  const chain = causesOf(error);
  const own = chain.find((link) => isOwnCode(codeOf(link)));
  const exitCode =
    chain.map((link) => EXIT_CODE_BY_ERROR.get(codeOf(link) ?? '')).find((code) => code) ??
    EXIT_CODES.failed;
  if (own !== undefined) {
    return {
      code: codeOf(own) ?? 'SSTITCH_INTERNAL',
      reason: reasonOf(own),
      message: withAdvice(own, hasOption),
      exitCode,
      path: pathOf(own),
      pid: pidOf(own),
    };
  }
  // An unexpected error: its message may help; SSTITCH_DEBUG shows its stack.
  const message = error instanceof Error ? error.message : String(error);
  return {
    code: chain.map(codeOf).find((code) => code !== undefined) ?? 'SSTITCH_INTERNAL',
    message: `unexpected: ${oneLine(message)} (SSTITCH_DEBUG=1 shows more)`,
    exitCode,
    path: undefined,
  };
}

/** Whether an error leaves it unknown what the store holds. */
export function leavesDoubt(error: unknown): boolean {
  return causesOf(error).some((link) => isDoubt(codeOf(link)));
}

/** Whether a code is that of an error that leaves it unknown what the store holds. */
export function isDoubt(code: string | undefined): boolean {
  return DOUBT_CODES.includes(code);
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

function reasonOf(error: Error): string | undefined {
  const { reason } = error as { reason?: unknown };
  return typeof reason === 'string' ? reason : undefined;
}

function pidOf(error: Error): number | undefined {
  const { holder } = error as { holder?: unknown };
  return typeof holder === 'number' ? holder : undefined;
}

function withAdvice(error: Error, hasOption: (name: string) => boolean): string {
  const message = oneLine(error.message);
  // The advice to wait does not apply to this process itself.
  if (pidOf(error) === process.pid) return message;
  if (error instanceof CliError && error.hasAdvice) return message;
  const advice = adviceOn(
    { code: codeOf(error) ?? '', reason: reasonOf(error), message, path: pathOf(error) },
    hasOption,
  );
  return advice === undefined ? message : `${message}; ${advice}`;
}

function oneLine(text: string): string {
  return text.replaceAll(/\s*\n\s*/g, ' ').trim();
}
