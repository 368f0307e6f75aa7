// Checks the path of a folder, from callers without TypeScript.
import { describeValue } from '@sstitch/contract';
import { EngineError } from '../errors.js';

/** @throws EngineError SSTITCH_OPTION_INVALID */
export function checkFolder(folder: string): void {
  if (typeof folder === 'string' && folder !== '') return;
  throw new EngineError(
    'SSTITCH_OPTION_INVALID',
    `the folder must be a path, not ${folder === '' ? 'an empty string' : describeValue(folder)}`,
  );
}
