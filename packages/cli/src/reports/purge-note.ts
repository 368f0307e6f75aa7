// What a purge leaves, in words.
import type { PurgeReport } from '@sstitch/contract';
import { formatCountOf } from '../output/quantities.js';

/** A line about what still holds removed data; empty where nothing does, or nothing was purged. */
export function purgeNote(purge: PurgeReport | undefined): string {
  if (purge === undefined || purge.directories.length === 0) return '';
  const { directories } = purge;
  return (
    `${formatCountOf(directories.length, 'directory')} may still hold removed data (of readers, until they close; salvaged logs, until you remove them): ` +
    `${directories.join(', ')}\n`
  );
}
