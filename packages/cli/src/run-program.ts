// Parses a command line, runs its command, prints the result or the error, and returns the exit code.
import type { EngineErrorReason } from '@sstitch/engine';
import { CommanderError } from 'commander';
import { buildProgram, type StandardInput } from './command-line/build-program.js';
import type { CommandContext, CommandResult } from './command-line/command-context.js';
import { commandsOf } from './command-line/command-spec.js';
import { helpEpilogue } from './command-line/program-notes.js';
import type { RegisteredCommand } from './command-line/registered-program.js';
import { PROGRAM } from './commands/registry.js';
import {
  CliError,
  causeChainOf,
  causesText,
  type ErrorReport,
  leavesDoubt,
  reportOf,
  usageError,
} from './errors.js';
import { EXIT_CODES, type ExitCode } from './exit-codes.js';
import { formatMs } from './output/quantities.js';
import { escapeLines, escapeText, jsonText } from './terminal/escape.js';
import { Interruption, type Io, OutputClosed } from './terminal/io.js';
import { ProgressLine } from './terminal/progress-line.js';
import { styleFor } from './terminal/style.js';
import { VERSION } from './version.js';

const MAX_HELP_COLUMNS = 100;
/** Codes of a path that is neither a store nor, where one is taken, a file of syncs. */
const NOT_A_STORE_CODES: readonly string[] = ['SSTITCH_STORE_FORMAT', 'SSTITCH_C1Z_NOT_C1Z'];

/**
 * Runs one command line.
 *
 * Prints results to standard output, with --json as exactly one JSON document. Prints an error to standard
 * error as one line `sstitch: …`; with --json a second line holds it as a JSON document:
 * `{"error":{"code","reason"?,"message","exitCode","path"?,"pid"?}}`; the result of a part of the work comes first.
 * Never throws.
 *
 * @param argv the arguments after the program's name
 */
export async function run(argv: readonly string[], io: Io): Promise<ExitCode> {
  const session = new Session(argv, io);
  try {
    await session.run();
    return session.exitCode;
  } catch (error) {
    try {
      return await session.fail(error);
    } catch (failure) {
      // The help could not be written.
      return session.fail(failure);
    }
  }
}

class Session {
  readonly #argv: readonly string[];
  readonly #io: Io;
  readonly #progress: ProgressLine;
  #isVerbose = false;
  /** Undefined until the command line is parsed. */
  #command: RegisteredCommand | undefined;
  /** Help that the user asked for, or that commander prints with an error. */
  #help = '';
  exitCode: ExitCode = EXIT_CODES.done;

  constructor(argv: readonly string[], io: Io) {
    this.#argv = argv;
    this.#io = io;
    this.#progress = new ProgressLine(io);
  }

  async run(): Promise<void> {
    const program = buildProgram(PROGRAM, {
      version: VERSION,
      epilogue: helpEpilogue(),
      helpColumns: Math.min(this.#io.stdout.columns, MAX_HELP_COLUMNS),
      onHelp: (text) => {
        this.#help += text;
      },
      runCommand: (command, input, standard) => this.#runCommand(command, input, standard),
    });
    await program.parseAsync(asOptions(this.#argv), { from: 'user' });
  }

  async #runCommand(
    command: RegisteredCommand,
    input: Readonly<Record<string, unknown>>,
    { json, quiet, verbose }: StandardInput,
  ): Promise<void> {
    this.#isVerbose = verbose;
    this.#command = command;
    if (quiet) this.#progress.hide();
    const { stdout } = this.#io;
    const context: CommandContext = {
      io: this.#io,
      json,
      quiet,
      style: styleFor(this.#io),
      // Programs read text that does not go to a terminal line by line.
      columns: stdout.isTerminal ? stdout.columns : Number.POSITIVE_INFINITY,
      progress: this.#progress,
      signal: this.#io.signal,
      note: (text) => {
        if (verbose) void this.#noteStep(text);
      },
      program: PROGRAM,
    };
    const { run: runCommand } = await command.load();
    this.#io.signal.throwIfAborted();
    const started = performance.now();
    const result = await runCommand(context, input);
    await this.#progress.clear();
    const tookMs = performance.now() - started;
    // Wait for this note, so that it and the earlier ones are written before the process exits.
    if (verbose) await this.#noteStep(`${command.name} took ${formatMs(tookMs)}`);
    if (result !== undefined) await this.#print(result, context);
  }

  async #print(result: CommandResult, { json, quiet }: CommandContext): Promise<void> {
    const { document, text = '', summary = '', complaint, error } = result;
    const output = json
      ? `${jsonText(document, 2)}\n`
      : escapeLines(quiet ? text : `${text}${summary}`);
    try {
      if (output !== '') await this.#io.stdout.write(output);
    } catch (failure) {
      // A finding or an error is reported whether or not anyone reads the output.
      if (!(failure instanceof OutputClosed)) throw failure;
    }
    if (complaint !== undefined) await this.#complain(complaint);
    if (error !== undefined) await this.#printError(error);
    this.exitCode = error?.exitCode ?? result.exitCode ?? EXIT_CODES.done;
  }

  async fail(error: unknown): Promise<ExitCode> {
    await this.#progress.clear();
    if (error instanceof CommanderError) return this.#failUsage(error);
    if (this.#io.env.SSTITCH_DEBUG === '1') {
      await this.#io.stderr.write(`${escapeLines(causeChainOf(error))}\n`);
    }
    if (error instanceof OutputClosed) return EXIT_CODES.done;
    const { options = {}, runsUntilSignal } = this.#command ?? {};
    if (this.#io.signal.aborted && runsUntilSignal) return this.#interruptionOf(error).exitCode;
    const report =
      this.#io.signal.aborted && !leavesDoubt(error)
        ? this.#interruptionOf(error)
        : await withPathAdvice(reportOf(error, (name) => name in options));
    await this.#printError(report);
    if (this.#isVerbose) for (const cause of causesText(error)) await this.#complain(cause);
    return report.exitCode;
  }

  #interruptionOf(error: unknown): ErrorReport {
    const { reason } = this.#io.signal;
    return {
      code: 'SSTITCH_ABORTED',
      message: error instanceof CliError ? error.message : 'interrupted; the store is as it was',
      exitCode: reason instanceof Interruption ? reason.exitCode : EXIT_CODES.interrupted,
      path: undefined,
    };
  }

  async #failUsage(error: CommanderError): Promise<ExitCode> {
    if (error.exitCode === 0) {
      await this.#io.stdout.write(this.#help);
      return EXIT_CODES.done;
    }
    if (error.code === 'commander.help') {
      // No command was given: the help lists them.
      await this.#io.stderr.write(this.#help);
      return EXIT_CODES.usage;
    }
    return this.#printError(reportOf(usageError(plainWords(error))));
  }

  /** The command line that shows the help of the given command. */
  #helpLine(): string {
    const words = this.#argv.filter((word) => !word.startsWith('-'));
    const [first = '', second = ''] = words;
    const names = commandsOf(PROGRAM).map(({ name }) => name);
    if (names.includes(`${first} ${second}`)) return `sstitch ${first} ${second} --help`;
    const isKnown = names.some((name) => name.split(' ')[0] === first);
    return isKnown ? `sstitch ${first} --help` : 'sstitch --help';
  }

  async #printError(error: ErrorReport): Promise<ExitCode> {
    const isUsage = error.exitCode === EXIT_CODES.usage;
    const message = isUsage ? `${error.message} (see: ${this.#helpLine()})` : error.message;
    await this.#complain(message);
    if (this.#argv.includes('--json')) {
      await this.#io.stderr.write(`${jsonText({ error: { ...error, message } })}\n`);
    }
    return error.exitCode;
  }

  async #noteStep(text: string): Promise<void> {
    await this.#progress.clear();
    await this.#complain(text);
  }

  #complain(text: string): Promise<void> {
    return this.#io.stderr.write(`sstitch: ${escapeText(text)}\n`);
  }
}

/** `help COMMAND` and `version` as the options of these names. */
function asOptions([first, ...rest]: readonly string[]): string[] {
  if (first === 'help') {
    const [asked] = rest;
    const isKnown = commandsOf(PROGRAM).some(({ name }) => name.split(' ')[0] === asked);
    // An unknown command is reported.
    return asked === undefined || isKnown ? [...rest, '--help'] : [...rest];
  }
  if (first === 'version' && rest.length === 0) return ['--version'];
  return first === undefined ? [] : [first, ...rest];
}

/** Adds advice to the report of a path that is neither a store nor a file of syncs. */
async function withPathAdvice(report: ErrorReport): Promise<ErrorReport> {
  const { code, reason, message, path } = report;
  if (path === undefined || !NOT_A_STORE_CODES.includes(code)) return report;
  // The module is not needed to start.
  const { adviceOnPath } = await import('./operations/not-a-store.js');
  const advice = adviceOnPath(path, code, reason as EngineErrorReason | undefined);
  return advice === undefined ? report : { ...report, message: `${message}; ${advice}` };
}

/** The message of a commander error without the value, which the message of our parser already names. */
function plainWords({ message }: CommanderError): string {
  return message
    .replace(/^error: /, '')
    .replaceAll(/\s*\n\s*/g, ' ')
    .replace(/^option '(\S+)[^']*' argument '.*?' is invalid\. /s, '$1: ')
    .replace(/^command-argument value '.*?' is invalid for argument '(.*?)'\. /s, '<$1>: ');
}
