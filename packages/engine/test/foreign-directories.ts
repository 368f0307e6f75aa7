// LevelDB directories of other programs: built from bytes, and samples that lie next to a checkout.
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { nodeFileSystem, TableReader } from '@sstitch/sst';
import { decodeFooter, FILTER_KEY, maskedChecksum } from '@sstitch/sst/file-format';
import { type CraftedLevels, writeLevelDirectory } from './level-directory.js';

/** How a table differs from one of LevelDB 1.20. */
export interface TablePatch {
  /** The filter's name, instead of `filter.leveldb.BuiltinBloomFilter2`. */
  readonly filterName?: string;
  /** Whether the metaindex is empty and has no restart point. */
  readonly emptyMetaindex?: boolean;
  /** The type of the second data block. */
  readonly blockType?: number;
  /** The last eight bytes, as hex. */
  readonly magic?: string;
}

/** Makes a directory with patched tables. Returns their paths. */
export function writeForeignDirectory(
  directory: string,
  levels: CraftedLevels,
  patch: TablePatch,
): readonly string[] {
  const bloomBitsPerKey = patch.emptyMetaindex === true ? 0 : 10;
  const table = { compression: 'none', blockSizeBytes: 1024, bloomBitsPerKey } as const;
  writeLevelDirectory(directory, levels, { table });
  const paths = readdirSync(directory)
    .filter((name) => name.endsWith('.ldb'))
    .map((name) => join(directory, name));
  for (const path of paths) patchTable(path, patch);
  return paths;
}

function patchTable(path: string, patch: TablePatch): void {
  const bytes = readFileSync(path);
  const { metaindex } = decodeFooter(bytes.subarray(-48), { path });
  if (patch.filterName !== undefined) {
    const at = bytes.indexOf(FILTER_KEY, metaindex.offset);
    if (at < 0 || patch.filterName.length !== FILTER_KEY.length) throw new Error('no such patch');
    bytes.write(patch.filterName, at, 'latin1');
    seal(bytes, metaindex.offset, metaindex.size);
  }
  if (patch.emptyMetaindex === true) {
    bytes.fill(0, metaindex.offset, metaindex.offset + metaindex.size);
    seal(bytes, metaindex.offset, metaindex.size);
  }
  if (patch.blockType !== undefined) {
    const reader = TableReader.open(nodeFileSystem, path);
    const block = reader.blockHandles()[1];
    reader.close();
    if (block === undefined) throw new Error('the table has one block');
    bytes[block.offset + block.size] = patch.blockType;
    seal(bytes, block.offset, block.size);
  }
  if (patch.magic !== undefined) bytes.write(patch.magic, bytes.length - 8, 'hex');
  writeFileSync(path, bytes);
}

/** Corrects the checksum of a block. */
function seal(bytes: Buffer, offset: number, size: number): void {
  const checked = Uint8Array.from(bytes.subarray(offset, offset + size + 1));
  bytes.writeUInt32LE(maskedChecksum(checked), offset + size + 1);
}

const CASES = fileURLToPath(new URL('../../../../shared/cases/', import.meta.url));

/** Whether the samples exist. They are not part of a clone. */
export const hasSamples = existsSync(CASES);

/** Unpacks a sample into a directory. Returns the directory of the database. */
export function unpackSample(name: string, directory: string): string {
  execFileSync('tar', ['-xzf', join(CASES, `${name}.tar.gz`), '-C', directory]);
  const [database] = readdirSync(directory);
  if (database === undefined) throw new Error(`the sample ${name} is empty`);
  return join(directory, database);
}
