// Reconstructs what LevelDB did between two scans of a directory, in the order of its source (db/db_impl.cc
// DB::Open and CompactMemTable, db/version_set.cc LogAndApply, db/filename.cc):
//
//   1 appends to the log
//   2 new logs, new tables; a table is fsynced once it is written
//   3 the MANIFEST: new or appended to; the directory and the MANIFEST are fsynced
//   4 if the MANIFEST is new: CURRENT, fsynced under another name, then renamed without an fsync
//   5 obsolete files are unlinked
//
// A new database has a first MANIFEST before that, which is never fsynced.
import { maskedChecksum } from '@sstitch/sst/file-format';
import type { DiskEvent } from './disk-model.js';

/** What a scan finds at a path. */
export interface FoundFile {
  readonly isDirectory: boolean;
  readonly inode: number;
  readonly sizeBytes: number;
  readonly changedMs: number;
  /** The content of the file when it was last read. */
  bytes: Uint8Array;
}

export type FoundFiles = ReadonlyMap<string, FoundFile>;

/** LevelDB's version edit of an empty database: comparator, log 0, next file 2, last sequence 0. */
const FIRST_EDIT = Buffer.from(
  '\x01\x1aleveldb.BytewiseComparator\x02\x00\x03\x02\x04\x00',
  'latin1',
);
const FULL_RECORD = 1;
/** The header of a record: checksum, length, type. */
const RECORD_HEADER_BYTES = 7;

/** The events that lead from `before` to `after`. */
export function levelChanges(
  before: FoundFiles,
  after: FoundFiles,
  read: (path: string) => Uint8Array | undefined,
): DiskEvent[] {
  const steps: DiskEvent[][] = [[], [], [], [], []];
  const at = (step: number, ...events: DiskEvent[]) => steps[step]?.push(...events);
  for (const [path, file] of after) {
    const known = before.get(path);
    if (file.isDirectory) {
      if (known === undefined) at(0, { kind: 'mkdir', path, level: true });
      continue;
    }
    if (known !== undefined && isUnchanged(known, file)) {
      file.bytes = known.bytes;
      continue;
    }
    const bytes = read(path);
    // Removed since the scan; the next one records the unlink.
    if (bytes === undefined) continue;
    file.bytes = bytes;
    const grown = known?.inode === file.inode ? grownBy(known.bytes, bytes) : undefined;
    if (grown === undefined || path.endsWith('.ldb')) {
      createFile(path, known !== undefined, after, bytes, at);
    } else if (isManifest(path)) {
      at(2, ...manifestWrite(path, grown, recordsIn(grown) > 1));
    } else if (grown.byteLength > 0) {
      at(0, { kind: 'write', path, bytes: grown });
    }
  }
  for (const path of before.keys()) {
    if (!after.has(path)) at(4, { kind: 'unlink', path, level: true });
  }
  return steps.flat();
}

/** Whether a file is unchanged since an earlier scan. */
export function isUnchanged(a: FoundFile, b: FoundFile): boolean {
  return a.inode === b.inode && a.sizeBytes === b.sizeBytes && a.changedMs === b.changedMs;
}

/** The appended bytes; undefined if the file was rewritten, as LevelDB does with leftovers. */
function grownBy(before: Uint8Array, after: Uint8Array): Uint8Array | undefined {
  const same = Buffer.compare(before, after.subarray(0, before.byteLength)) === 0;
  return same ? after.slice(before.byteLength) : undefined;
}

function createFile(
  path: string,
  existed: boolean,
  after: FoundFiles,
  bytes: Uint8Array,
  at: (step: number, ...events: DiskEvent[]) => void,
): void {
  const create: DiskEvent = { kind: 'create', path, level: true };
  const write: DiskEvent = { kind: 'write', path, bytes };
  const sync: DiskEvent = { kind: 'sync', path };
  if (path.endsWith('/CURRENT')) {
    const directory = path.slice(0, -'/CURRENT'.length);
    if (!existed) at(0, ...firstManifest(directory, after));
    at(3, ...replaceCurrent(directory, bytes));
  } else if (isManifest(path)) {
    at(2, create, ...manifestWrite(path, bytes, false));
  } else if (path.endsWith('.ldb')) {
    at(1, create, write, sync);
  } else {
    at(1, create, write);
  }
}

function isManifest(path: string): boolean {
  return path.includes('/MANIFEST-');
}

/**
 * The number of version edits in the bytes appended to a MANIFEST. If there are several, tables that one edit
 * added and the next removed were never seen, so that the edits cannot be separated.
 */
function recordsIn(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let records = 0;
  for (let at = 0; at + RECORD_HEADER_BYTES <= bytes.byteLength; records++) {
    at += RECORD_HEADER_BYTES + view.getUint16(at + 4, true);
  }
  return records;
}

/**
 * The events of a MANIFEST write. LevelDB writes the record first and then fsyncs the directory and the file.
 * In the current generation the directory counts as fsynced before, as if the fsync of a table had saved its
 * name, as file systems do.
 */
function manifestWrite(path: string, bytes: Uint8Array, whole: boolean): DiskEvent[] {
  const directory = path.slice(0, path.lastIndexOf('/'));
  return [
    { kind: 'fsyncDir', path: directory, level: true },
    { kind: 'write', path, bytes, whole },
    { kind: 'sync', path },
  ];
}

function replaceCurrent(directory: string, bytes: Uint8Array): DiskEvent[] {
  const temporary = `${directory}/000000.dbtmp`;
  return [
    { kind: 'create', path: temporary, level: true },
    { kind: 'write', path: temporary, bytes },
    { kind: 'sync', path: temporary },
    { kind: 'rename', from: temporary, path: `${directory}/CURRENT`, level: true },
  ];
}

/** The events of DBImpl::NewDB, and the fate of its MANIFEST-000001. */
function firstManifest(directory: string, after: FoundFiles): DiskEvent[] {
  const path = `${directory}/MANIFEST-000001`;
  if (after.has(path)) return [];
  const record = Buffer.alloc(RECORD_HEADER_BYTES + FIRST_EDIT.byteLength);
  record.writeUInt16LE(FIRST_EDIT.byteLength, 4);
  record.writeUInt8(FULL_RECORD, 6);
  FIRST_EDIT.copy(record, RECORD_HEADER_BYTES);
  record.writeUInt32LE(maskedChecksum(record.subarray(6)), 0);
  return [
    { kind: 'create', path, level: true },
    { kind: 'write', path, bytes: record },
    ...replaceCurrent(directory, Buffer.from('MANIFEST-000001\n')),
    { kind: 'unlink', path, level: true },
  ];
}
