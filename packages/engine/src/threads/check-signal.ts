// Checks the options that every operation takes, from callers without TypeScript.
import { describeValue } from '@sstitch/contract';
import { EngineError } from '../errors.js';

/** @throws EngineError SSTITCH_OPTION_INVALID */
export function checkSignal(options: { readonly signal?: AbortSignal | undefined }): void {
  const { signal } = options;
  if (signal === undefined || signal instanceof AbortSignal) return;
  throw new EngineError(
    'SSTITCH_OPTION_INVALID',
    `signal must be an AbortSignal, not ${describeValue(signal)}`,
  );
}
