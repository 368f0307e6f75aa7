// LevelDB's options, with the defaults of a store.
import { checkOptions, optionInvalid } from '../check-options.js';
import type { LevelOptions } from './level-database.js';

const KIB = 1024;
const MIB = 1024 * KIB;

const LEVEL_DEFAULTS: LevelOptions = {
  cacheSize: 8 * MIB,
  writeBufferSize: 4 * MIB,
  blockSize: 4 * KIB,
  blockRestartInterval: 16,
  maxOpenFiles: 1000,
  maxFileSize: 2 * MIB,
  compression: true,
};

/** LevelDB silently truncates larger numbers to 32 bits. */
const MAX_LEVEL_NUMBER = 2 ** 32 - 1;

/** Returns LevelDB's options with defaults filled in. @throws EngineError SSTITCH_OPTION_INVALID */
export function levelOptionsOf(options: Partial<LevelOptions>): LevelOptions {
  const chosen: { -readonly [K in keyof LevelOptions]: LevelOptions[K] } = { ...LEVEL_DEFAULTS };
  for (const name of [
    'cacheSize',
    'writeBufferSize',
    'blockSize',
    'blockRestartInterval',
    'maxOpenFiles',
    'maxFileSize',
  ] as const) {
    const value = options[name];
    if (value === undefined) continue;
    if (!Number.isSafeInteger(value) || value <= 0 || value > MAX_LEVEL_NUMBER) {
      throw optionInvalid(`${name} must be an integer from 1 to ${MAX_LEVEL_NUMBER}`);
    }
    chosen[name] = value;
  }
  checkOptions(options, { compression: 'boolean' });
  if (options.compression !== undefined) chosen.compression = options.compression;
  return chosen;
}
