// The names of options on a command line.
import type { OptionSpec } from './command-spec.js';

/** `dryRun` as `--dry-run`; `purge`, which is on by default, as `--no-purge`. */
export function flagOf(name: string, option: OptionSpec): string {
  const words = name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  const isNegated = option.value === undefined && option.negated === true;
  return `--${isNegated ? 'no-' : ''}${words}`;
}

/** `--limit <n>`. */
export function optionTerm(name: string, option: OptionSpec): string {
  const flag = flagOf(name, option);
  return option.value === undefined ? flag : `${flag} <${option.placeholder}>`;
}
