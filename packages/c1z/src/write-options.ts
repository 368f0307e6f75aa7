import type { C1zFormat } from './envelope/magic.js';
import { C1zError } from './errors.js';
import { zoneOf } from './format1/zones.js';

/** Options of `createC1z`. */
export interface C1zWriteOptions {
  /**
   * The format of the file. Format 3 holds one sync, and is what baton-sdk writes since 0.25; format 1 holds any
   * number, and is what older ones read.
   * @defaultValue 3
   */
  readonly format?: C1zFormat;
  /**
   * The time zone in which times are written in a file of format 1, each with its offset. Baton takes a time in UTC
   * for one of the host that reads, so that the zone of that host is the one to name.
   * @defaultValue the zone of this process
   */
  readonly zone?: string | undefined;
  /**
   * The directory for what does not fit into memory.
   * @defaultValue the operating system's directory for temporary files
   */
  readonly temporaryDirectory?: string;
  /** Ends the writing, and leaves nothing of it. */
  readonly signal?: AbortSignal;
}

/** @throws C1zError SSTITCH_OPTION_INVALID */
export function checkWriteOptions({ format = 3, zone }: C1zWriteOptions): C1zFormat {
  if (format !== 1 && format !== 3) {
    throw new C1zError('SSTITCH_OPTION_INVALID', `format must be 1 or 3, not ${String(format)}`);
  }
  if (zone !== undefined) zoneOf(zone);
  return format;
}
