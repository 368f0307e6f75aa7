// Checks what callers without TypeScript pass beside spans and entries: options and paths. A wrong one is refused
// before anything is done, in one typed error that names it.
import { describeValue } from '@sstitch/contract';
import type { FileSystem } from '@sstitch/sst';
import { EngineError } from './errors.js';

/** What the value of an option can be. */
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
 * Checks options: an object whose members of these names have values of these kinds, where they have any.
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
 * Checks the path of a directory.
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
