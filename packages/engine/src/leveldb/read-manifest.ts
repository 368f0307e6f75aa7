// Reads a LevelDB directory's MANIFEST without opening the database.
import { type FileSystem, nodeFileSystem } from '@sstitch/sst';
import { checkDirectory, checkOptions } from '../check-options.js';
import { asEngineError } from '../threads/task-errors.js';
import { readManifestFile } from './inspect-generation.js';
import type { Version } from './manifest.js';
import { refuseOtherDatabase } from './other-databases.js';

/** The contents of a MANIFEST. */
export interface Manifest {
  /** The MANIFEST's name in the directory. */
  readonly name: string;
  /** The size of the MANIFEST's file. */
  readonly sizeBytes: number;
  /** The number of version edits. */
  readonly edits: number;
  /** The offset of an incomplete last record. Undefined if the last record is complete. */
  readonly tornAt: number | undefined;
  /** The version that the edits yield. */
  readonly version: Version;
}

/**
 * Reads the current MANIFEST of a LevelDB directory, and checks its version as far as possible without reading tables.
 * The database may be open.
 *
 * @param fileSystem the file system to read from. @defaultValue Node's
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
