// What a purge leaves, in words.
import type { PurgeReport } from '@sstitch/contract';
import { formatCountOf } from '../output/quantities.js';

/** A line about what still holds removed data; empty where nothing does, or nothing was purged. */
export function purgeNote(purge: PurgeReport | undefined): string {
  if (purge === undefined || purge.folders.length === 0) return '';
  const { folders } = purge;
  return (
    `${formatCountOf(folders.length, 'folder')} may still hold removed data (of readers, until they close; salvaged logs, until you remove them): ` +
    `${folders.join(', ')}\n`
  );
}
