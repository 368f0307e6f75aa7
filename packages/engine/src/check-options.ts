// Checks the options and paths that callers pass, since not all of them use TypeScript. The public methods check
// before they do anything, and the error names the option.
import { describeValue } from '@sstitch/contract';
import type { FileSystem } from '@sstitch/sst';
import { EngineError } from './errors.js';

/** The types that an option can have. */
export type OptionKind = 'boolean' | 'fileSystem' | 'function' | 'path' | 'signal';

const KINDS: Readonly<
  Record<OptionKind, readonly [noun: string, test: (value: unknown) => boolean]>
> = {
  boolean: ['true or false', (value) => typeof value === 'boolean'],
  fileSystem: ['a FileSystem', (value) => typeof (value as FileSystem | null)?.open === 'function'],
  function: ['a function', (value) => typeof value === 'function'],
  path: ['a path', (value) => typeof value === 'string' && value !== ''],
  signal: ['an AbortSignal', (value) => value instanceof AbortSignal],
};

/**
 * Checks that `options` is an object and that the named members, where defined, have values of the given kinds.
 *
 * @throws EngineError SSTITCH_OPTION_INVALID
 */
export function checkOptions(
  options: object | undefined,
  kinds: Readonly<Record<string, OptionKind>>,
): void {
  if (typeof options !== 'object' || options === null) {
    throw optionInvalid(`options must be an object, not ${describeValue(options)}`);
  }
  for (const [name, kind] of Object.entries(kinds)) {
    const value: unknown = (options as Readonly<Record<string, unknown>>)[name];
    if (value !== undefined) checkValue(name, value, kind);
  }
}

/**
 * Checks that a value is the path of a directory: a string that is not empty.
 *
 * @throws EngineError SSTITCH_OPTION_INVALID
 */
export function checkDirectory(directory: unknown, name = 'the directory'): void {
  checkValue(name, directory, 'path');
}

function checkValue(name: string, value: unknown, kind: OptionKind): void {
  const [noun, test] = KINDS[kind];
  if (test(value)) return;
  const given = value === '' ? 'an empty string' : describeValue(value);
  throw optionInvalid(`${name} must be ${noun}, not ${given}`);
}

export function optionInvalid(message: string): EngineError {
  return new EngineError('SSTITCH_OPTION_INVALID', message);
}
