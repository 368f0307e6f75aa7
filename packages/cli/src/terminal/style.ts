// Colours and weights of text on a terminal.
import picocolors from 'picocolors';
import type { Environment, Io } from './io.js';

/** Functions that mark text with colours and weights. */
export interface Style {
  bold(text: string): string;
  dim(text: string): string;
  good(text: string): string;
  bad(text: string): string;
  accent(text: string): string;
}

/** The style for standard output. */
export function styleFor(io: Io): Style {
  const colors = picocolors.createColors(isColoured(io.env, io.stdout.isTerminal));
  return {
    bold: colors.bold,
    dim: colors.dim,
    good: colors.green,
    bad: colors.red,
    accent: colors.cyan,
  };
}

/** NO_COLOR (https://no-color.org) overrides FORCE_COLOR, and both override whether the stream is a terminal. */
function isColoured({ NO_COLOR, FORCE_COLOR, TERM }: Environment, isTerminal: boolean): boolean {
  if ((NO_COLOR ?? '') !== '') return false;
  if ((FORCE_COLOR ?? '') !== '') return FORCE_COLOR !== '0';
  return isTerminal && TERM !== 'dumb';
}
