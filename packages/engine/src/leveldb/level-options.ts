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

/** LevelDB silently truncates larger numbers to 32 bits. It reads some options as signed numbers. */
const MAX_LEVEL_NUMBERS = {
  cacheSize: 2 ** 32 - 1,
  writeBufferSize: 2 ** 32 - 1,
  blockSize: 2 ** 32 - 1,
  blockRestartInterval: 2 ** 31 - 1,
  maxOpenFiles: 2 ** 31 - 1,
  maxFileSize: 2 ** 32 - 1,
} as const;
const NUMBERS = Object.entries(MAX_LEVEL_NUMBERS) as ReadonlyArray<
  [keyof typeof MAX_LEVEL_NUMBERS, number]
>;

/** Returns LevelDB's options with defaults filled in. @throws EngineError SSTITCH_OPTION_INVALID */
export function levelOptionsOf(options: Partial<LevelOptions>): LevelOptions {
  const chosen: { -readonly [K in keyof LevelOptions]: LevelOptions[K] } = { ...LEVEL_DEFAULTS };
  for (const [name, most] of NUMBERS) {
    const value = options[name];
    if (value === undefined) continue;
    if (!Number.isSafeInteger(value) || value <= 0 || value > most) {
      throw optionInvalid(`${name} must be an integer from 1 to ${most}`);
    }
    chosen[name] = value;
  }
  checkOptions(options, { compression: 'boolean' });
  if (options.compression !== undefined) chosen.compression = options.compression;
  return chosen;
}
