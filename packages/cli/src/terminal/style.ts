// Colours, where they are wanted: on a terminal, unless NO_COLOR says no.
import picocolors from 'picocolors';
import type { Io } from './io.js';

/** Marks text up. */
export interface Style {
  bold(text: string): string;
  dim(text: string): string;
  good(text: string): string;
  bad(text: string): string;
  accent(text: string): string;
}

/** The style for standard output. See https://no-color.org. */
export function styleFor(io: Io): Style {
  const isPlain = (io.env.NO_COLOR ?? '') !== '' || io.env.TERM === 'dumb';
  const colors = picocolors.createColors(io.stdout.isTerminal && !isPlain);
  return {
    bold: colors.bold,
    dim: colors.dim,
    good: colors.green,
    bad: colors.red,
    accent: colors.cyan,
  };
}
