import { RecordsError } from './errors.js';

/** @throws {@link RecordsError} SSTITCH_OPTION_INVALID where a limit is no whole number from `least` on. */
export function checkLimit(limit: number | undefined, least = 0): void {
  if (limit === undefined || (Number.isSafeInteger(limit) && limit >= least)) return;
  throw new RecordsError(
    'SSTITCH_OPTION_INVALID',
    `limit must be a whole number from ${least} on, not ${String(limit)}`,
  );
}
