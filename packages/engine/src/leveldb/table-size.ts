// Compares the size of a table's file with the MANIFEST. LevelDB does not: it opens a database with wrong sizes, and
// fails at the first read of the table (docs/leveldb-rules.md, rule 13).
import type { FileSystem } from '@sstitch/sst';
import { decodeFooter, FOOTER_BYTES } from '@sstitch/sst/file-format';
import { EngineError } from '../errors.js';

/**
 * Checks that a table ends at the size that the MANIFEST records. A file that was shared later (tables/share-parts.ts)
 * is longer; it must have a footer at the recorded end.
 *
 * @param fileBytes the file's size
 * @throws EngineError SSTITCH_STORE_CORRUPT
 */
export function checkTableSize(
  fileSystem: FileSystem,
  path: string,
  fileBytes: number,
  recordedBytes: number,
): void {
  if (fileBytes === recordedBytes) return;
  const problem = `a table has ${fileBytes} bytes, but the MANIFEST lists ${recordedBytes}`;
  if (fileBytes < recordedBytes || recordedBytes < FOOTER_BYTES) {
    throw new EngineError('SSTITCH_STORE_CORRUPT', problem, { path });
  }
  const offset = recordedBytes - FOOTER_BYTES;
  const footer = new Uint8Array(FOOTER_BYTES);
  const file = fileSystem.open(path, 'read');
  try {
    file.read(footer, offset);
  } finally {
    file.close();
  }
  try {
    decodeFooter(footer, { path, offset });
  } catch (cause) {
    throw new EngineError('SSTITCH_STORE_CORRUPT', problem, { cause, path });
  }
}
