// From arguments to an exit code: builds the program, runs one command, tells its result or its error.
import { type Command, CommanderError } from 'commander';
import type {
  Action,
  CommandContext,
  CommandHelp,
  CommandRegistry,
  CommandResult,
} from './command-context.js';
import { COMMAND_GROUPS } from './commands/index.js';
import { CliError, causeChainOf, type ErrorReport, reportOf } from './errors.js';
import { EXIT_CODES, type ExitCode } from './exit-codes.js';
import { Interruption, type Io, OutputClosed } from './io.js';
import { ProgressLine } from './output/progress.js';
import { styleFor } from './output/style.js';
import { StrictCommand } from './strict-command.js';
import { VERSION } from './version.js';

/**
 * Runs one command line.
 *
 * Results go to standard output; with --json as exactly one JSON document. An error goes to standard
 * error as one line `sstitch: …`; with --json a second line holds it as a JSON document:
 * `{"error":{"code","message","exitCode","path"?}}`. Never throws.
 *
 * @param argv the arguments after the program's name
 */
export async function run(argv: readonly string[], io: Io): Promise<ExitCode> {
  const session = new Session(argv, io);
  try {
    await session.program().parseAsync([...argv], { from: 'user' });
    return session.exitCode;
  } catch (error) {
    try {
      return await session.fail(error);
    } catch (failure) {
      // Help that could not be written.
      return session.fail(failure);
    }
  }
}

class Session implements CommandRegistry {
  readonly #argv: readonly string[];
  readonly #io: Io;
  readonly #progress: ProgressLine;
  readonly #program: Command = new StrictCommand('sstitch');
  /** Help is asked for, or it is what commander prints with a complaint. */
  #help = '';
  exitCode: ExitCode = EXIT_CODES.done;

  constructor(argv: readonly string[], io: Io) {
    this.#argv = argv;
    this.#io = io;
    this.#progress = new ProgressLine(io);
  }

  program(): Command {
    this.#program
      .description('Compact, inspect and verify stores of syncs.')
      .version(VERSION, '-V, --version', 'print the version')
      .option('--json', 'print one JSON document; before a command or behind it')
      .helpOption('-h, --help', 'show help')
      .helpCommand(false)
      .configureHelp({
        helpWidth: Math.min(this.#io.stdout.columns, 100),
        // Arguments are in each command's own help.
        subcommandTerm: (command) => command.name(),
      })
      .configureOutput({
        writeOut: (text) => {
          this.#help += text;
        },
        writeErr: (text) => {
          this.#help += text;
        },
        // Reported once, by `fail`.
        outputError: () => undefined,
      })
      .exitOverride()
      .addHelpText('after', PROGRAM_HELP);
    for (const [group, add] of COMMAND_GROUPS) {
      this.#program.commandsGroup(`${group}:`);
      for (const addCommand of add) addCommand(this);
    }
    return this.#program;
  }

  define({ usage, summary, description, examples }: CommandHelp, parent = this.#program): Command {
    const command = parent
      .command(usage)
      .summary(summary)
      .description(description)
      .option('--json', 'print one JSON document')
      .helpOption('-h, --help', 'show this help');
    const lines = examples.map(([line, what]) => `  $ sstitch ${line}\n      ${what}\n`);
    return command.addHelpText('after', `\nExamples:\n${lines.join('')}`);
  }

  handle<Arguments extends unknown[]>(action: Action<Arguments>) {
    return async (...given: [...Arguments, Command]): Promise<void> => {
      const command = given.at(-1) as Command;
      const context: CommandContext = {
        io: this.#io,
        json: command.optsWithGlobals<{ json?: boolean }>().json === true,
        style: styleFor(this.#io),
        // Text that goes elsewhere than to a terminal is read by programs, line by line.
        columns: this.#io.stdout.isTerminal ? this.#io.stdout.columns : Number.POSITIVE_INFINITY,
        progress: this.#progress,
        signal: this.#io.signal,
      };
      const result = await action(context, ...(given.slice(0, -1) as Arguments));
      await this.#progress.clear();
      if (result !== undefined) await this.#tell(result, context.json);
    };
  }

  async fail(error: unknown): Promise<ExitCode> {
    await this.#progress.clear();
    if (error instanceof CommanderError) return this.#failUsage(error);
    if (this.#io.env.SSTITCH_DEBUG === '1') {
      await this.#io.stderr.write(`${causeChainOf(error)}\n`);
    }
    if (error instanceof OutputClosed) return EXIT_CODES.done;
    if (this.#io.signal.aborted) {
      const { reason } = this.#io.signal;
      return this.#reportError({
        code: 'SSTITCH_ABORTED',
        message: error instanceof CliError ? error.message : 'interrupted; the store is as it was',
        exitCode: reason instanceof Interruption ? reason.exitCode : EXIT_CODES.interrupted,
        path: undefined,
      });
    }
    return this.#reportError(reportOf(error));
  }

  async #failUsage(error: CommanderError): Promise<ExitCode> {
    if (error.exitCode === 0) {
      await this.#io.stdout.write(this.#help);
      return EXIT_CODES.done;
    }
    if (error.code === 'commander.help') {
      // No command was given: the help says which there are.
      await this.#io.stderr.write(this.#help);
      return EXIT_CODES.usage;
    }
    const message = error.message.replace(/^error: /, '').replaceAll(/\s*\n\s*/g, ' ');
    const name = this.#argv.find((argument) =>
      this.#program.commands.some((command) => command.name() === argument),
    );
    const help = name === undefined ? 'sstitch --help' : `sstitch ${name} --help`;
    return this.#reportError({
      code: 'SSTITCH_USAGE',
      message: `${message} (see: ${help})`,
      exitCode: EXIT_CODES.usage,
      path: undefined,
    });
  }

  async #tell(result: CommandResult, json: boolean): Promise<void> {
    const text = json ? `${JSON.stringify(result.document, null, 2)}\n` : result.text;
    if (text !== '') await this.#io.stdout.write(text);
    if (result.complaint !== undefined) {
      await this.#io.stderr.write(`sstitch: ${result.complaint}\n`);
    }
    this.exitCode = result.exitCode ?? EXIT_CODES.done;
  }

  async #reportError(report: ErrorReport): Promise<ExitCode> {
    await this.#io.stderr.write(`sstitch: ${report.message}\n`);
    if (this.#argv.includes('--json')) {
      await this.#io.stderr.write(`${JSON.stringify({ error: report })}\n`);
    }
    return report.exitCode;
  }
}

const PROGRAM_HELP = `
Exit codes: 0 done; 1 failed; 2 wrong usage; 3 no such sync; 4 damaged or unfit
input, or a failed check; 5 no such store or file; 6 locked by another process;
129, 130, 143 ended by SIGHUP, SIGINT (Ctrl-C), SIGTERM, the store as it was.

First steps:
  $ sstitch demo
      Watch a compaction, from start to proof, in a temporary directory.
  $ sstitch compact --help
      The main job, with examples.
`;
