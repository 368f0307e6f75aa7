import { expect, test } from 'vitest';
import { EngineError, type EngineErrorDetails } from '../errors.js';
import { fromFailure, toFailure } from './task-errors.js';

test('an EngineError keeps all details on its way between threads', () => {
  const details: Required<EngineErrorDetails> = {
    reason: 'other-files',
    cause: Object.assign(new Error('the cause'), { code: 'EIO', syscall: 'read', path: 'there' }),
    path: 'here',
    offset: 7,
    key: Uint8Array.of(1, 2),
    holder: 4711,
  };
  const error = new EngineError('SSTITCH_TABLES_INVALID', 'not sound', details);
  const received = fromFailure(structuredClone(toFailure(error)));
  const { code, name, message } = error;
  expect(received).toBeInstanceOf(EngineError);
  expect({ ...received }).toEqual({ ...error });
  expect(received).toMatchObject({ code, name, message, ...details });
});
