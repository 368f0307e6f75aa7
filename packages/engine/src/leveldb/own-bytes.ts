// Copies what a caller passed and may change as soon as its call returns.
import type { NativeBytes, NativeOperation } from './level-database.js';

export function ownBytes(bytes: NativeBytes): NativeBytes {
  return typeof bytes === 'string' ? bytes : new Uint8Array(bytes);
}

export function ownOperation({ type, key, value }: NativeOperation): NativeOperation {
  return type === 'put'
    ? { type, key: ownBytes(key), value: ownBytes(value ?? '') }
    : { type, key: ownBytes(key) };
}
