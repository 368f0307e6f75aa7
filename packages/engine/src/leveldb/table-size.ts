// Holds a table file's size against what its MANIFEST says. LevelDB does not: it opens a database whose
// recorded sizes are wrong, and fails at the first read (docs/leveldb-rules.md, rule 13).
import type { FileSystem } from '@sstitch/sst';
import { decodeFooter, FOOTER_BYTES } from '@sstitch/sst/file-format';
import { EngineError } from '../errors.js';

/**
 * A file may go on behind the table's end, where it was shared later (split-table.ts): then a footer is
 * looked for at the recorded end.
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
  const problem = `a table has ${fileBytes} bytes, the MANIFEST says ${recordedBytes}`;
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
