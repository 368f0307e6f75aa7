import { RecordsError } from '../errors.js';

/** Checks a limit. @throws {@link RecordsError} SSTITCH_OPTION_INVALID unless it is an integer of at least `least` */
export function checkLimit(limit: number | undefined, least = 0): void {
  if (limit === undefined || (Number.isSafeInteger(limit) && limit >= least)) return;
  throw new RecordsError(
    'SSTITCH_OPTION_INVALID',
    `limit must be an integer of at least ${least}, not ${String(limit)}`,
  );
}
