// Asks before something is removed.
import type { CommandContext } from '../command-line/command-context.js';
import { CliError, usageError } from '../errors.js';
import { escapeText } from '../terminal/escape.js';

/**
 * Asks a question on the terminal.
 *
 * @param shown lines to print before the question
 * @returns whether the answer is yes; undefined if there is no terminal to ask on
 */
export async function answerTo(
  { io, progress }: CommandContext,
  question: string,
  shown = '',
): Promise<boolean | undefined> {
  await progress.clear();
  const answer = await io.ask(`${shown}${escapeText(`${question} [y/N] `)}`);
  return answer === undefined ? undefined : /^y(es)?$/i.test(answer.trim());
}

/** Asks, and refuses to go on without a yes. @throws CliError SSTITCH_DECLINED; SSTITCH_USAGE without a terminal */
export async function requireConsent(
  context: CommandContext,
  question: string,
  shown = '',
): Promise<void> {
  const isYes = await answerTo(context, question, shown);
  if (isYes === undefined) {
    throw usageError('there is no terminal to ask on: use --yes to remove without asking');
  }
  if (!isYes) throw new CliError('SSTITCH_DECLINED', 'nothing was removed');
}
