// A look at a LevelDB directory's MANIFEST, without opening the database.
import { type FileSystem, nodeFileSystem } from '@sstitch/sst';
import { checkDirectory, checkOptions } from '../check-options.js';
import { asEngineError } from '../threads/task-errors.js';
import { readManifestFile } from './inspect-generation.js';
import type { Version } from './manifest.js';
import { refuseOtherDatabase } from './other-databases.js';

/** What a MANIFEST says. */
export interface Manifest {
  /** The MANIFEST's name in the directory. */
  readonly name: string;
  readonly sizeBytes: number;
  /** Version edits in it. */
  readonly edits: number;
  /** Where a record that was never finished begins; undefined where the last one is whole. */
  readonly tornAt: number | undefined;
  /** What the edits lead to. */
  readonly version: Version;
}

/**
 * Reads CURRENT of a LevelDB directory and the MANIFEST that it names, and checks what can be checked
 * without the tables. The database may be open.
 *
 * @throws EngineError SSTITCH_STORE_CORRUPT, SSTITCH_STORE_FORMAT, SSTITCH_FILE_OPERATION
 */
export function readManifest(directory: string, fileSystem: FileSystem = nodeFileSystem): Manifest {
  checkDirectory(directory);
  checkOptions({ fileSystem }, { fileSystem: 'fileSystem' });
  try {
    refuseOtherDatabase(fileSystem, directory);
    const { name, bytes, edits, tornAt, version } = readManifestFile(fileSystem, directory);
    return { name, sizeBytes: bytes.byteLength, edits, tornAt, version };
  } catch (error) {
    throw asEngineError(error);
  }
}
