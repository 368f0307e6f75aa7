// Describes what a purge leaves.
import type { PurgeReport } from '@sstitch/contract';
import { formatCountOf } from '../output/quantities.js';

/**
 * A line that names the directories that may still hold removed data; empty if there are none, or no purge was
 * requested.
 */
export function purgeNote(purge: PurgeReport | undefined): string {
  if (purge === undefined || purge.directories.length === 0) return '';
  const { directories } = purge;
  return (
    `${formatCountOf(directories.length, 'directory')} may still hold removed data (copies of readers, until they close; recovery, until the next open; salvaged logs, until you remove them): ` +
    `${directories.join(', ')}\n`
  );
}
