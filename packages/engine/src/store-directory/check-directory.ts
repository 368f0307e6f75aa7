// Checks the path of a directory, from callers without TypeScript.
import { describeValue } from '@sstitch/contract';
import { EngineError } from '../errors.js';

/** @throws EngineError SSTITCH_OPTION_INVALID */
export function checkDirectory(directory: string): void {
  if (typeof directory === 'string' && directory !== '') return;
  throw new EngineError(
    'SSTITCH_OPTION_INVALID',
    `the directory must be a path, not ${directory === '' ? 'an empty string' : describeValue(directory)}`,
  );
}
