import { C1zError } from './errors.js';
import { zoneOf } from './format1/zones.js';
import type { C1zFormat } from './magic.js';
import type { C1zWriteProgress } from './sync-writer.js';

/** Options of `createC1z`. */
export interface C1zWriteOptions {
  /**
   * The format of the file. Format 3 holds one sync; baton-sdk writes it since 0.25. Format 1 holds any number
   * of syncs; older versions read it.
   * @defaultValue 3
   */
  readonly format?: C1zFormat;
  /**
   * The time zone of the times in a file of format 1, which are written with their offset. Baton treats a time
   * in UTC as one of the reading host, so name the zone of that host.
   * @defaultValue the zone of this process
   */
  readonly zone?: string | undefined;
  /**
   * The directory for data that does not fit in memory.
   * @defaultValue the operating system's directory for temporary files
   */
  readonly temporaryDirectory?: string;
  /** Called from time to time while `finish` writes the file. An error that it throws is not caught. */
  readonly onProgress?: (progress: C1zWriteProgress) => void;
  /** Aborts the writing, which then leaves no file. */
  readonly signal?: AbortSignal;
}

/** Checks the options; returns the format. @throws C1zError SSTITCH_OPTION_INVALID */
export function checkWriteOptions({ format = 3, zone }: C1zWriteOptions): C1zFormat {
  if (format !== 1 && format !== 3) {
    throw new C1zError('SSTITCH_OPTION_INVALID', `format must be 1 or 3, not ${String(format)}`);
  }
  if (zone !== undefined) zoneOf(zone);
  return format;
}
