// Starts a file of either format. Runs in the writer process; tests run it in their own process.
import type { ValueBucket } from '@sstitch/records';
import { RowWriter } from '../format1/row-writer.js';
import { zoneOf } from '../format1/zones.js';
import { DatabaseWriter } from '../format3/database-writer.js';
import type { C1zFormat } from '../magic.js';
import type { RecordPage } from '../record-pages.js';
import type { SyncWriter } from '../sync-writer.js';

/** A request to the writer process: to start a file, to add records, to finish. */
export type WriterRequest =
  | WriterTask
  | ({ readonly kind: 'add' } & AddedRecords)
  | { readonly kind: 'finish' };

export interface WriterTask {
  readonly kind: 'start';
  readonly format: C1zFormat;
  /** The path of the file to create. */
  readonly path: string;
  /** The final path, for messages. */
  readonly target: string;
  /** An empty directory for data that does not fit in memory. */
  readonly directory: string;
  /** The option `zone`. */
  readonly zone: string | undefined;
}

export interface AddedRecords {
  readonly syncId: string;
  readonly bucket: ValueBucket;
  readonly page: Pick<RecordPage, 'bytes' | 'ends'>;
}

/** Starts a file. @throws C1zError SSTITCH_FILE_OPERATION */
export function openWriter({ format, path, target, directory, zone }: WriterTask): SyncWriter {
  if (format === 3) return new DatabaseWriter(path, target, directory);
  return new RowWriter(path, target, directory, zoneOf(zone));
}
