// Makes tables in memory from a model's entries.

import type { Span } from '@sstitch/contract';
import { copyPart } from '../src/split/copy-part.js';
import type { PartOptions } from '../src/split/part-copier.js';
import { TableBuilder } from '../src/table/table-builder.js';
import type { TableOptions } from '../src/table/table-options.js';
import type { PartProperties, TableProperties } from '../src/table/table-properties.js';
import { TableReader, type TableReaderOptions } from '../src/table/table-reader.js';
import type { Entry } from './arbitraries.js';
import { fileSystemOf, MemoryFile } from './entries.js';

/** A table and the properties that the builder returned. */
export interface BuiltTable {
  readonly bytes: Uint8Array;
  readonly properties: TableProperties;
}

/** Builds a table of a model's entries. */
export function tableOf(entries: readonly Entry[], options: TableOptions = {}): BuiltTable {
  const file = new MemoryFile();
  const builder = new TableBuilder(file, { blockSizeBytes: 1024, ...options });
  for (const { key, value } of entries) builder.add(key, value);
  const properties = builder.finish();
  return { bytes: file.bytes, properties };
}

/** Opens a table in memory. */
export function readerOf(bytes: Uint8Array, options: TableReaderOptions = {}): TableReader {
  return TableReader.open(fileSystemOf(bytes), 'table', options);
}

/** Copies a part of a table in memory. */
export function partOf(
  bytes: Uint8Array,
  keep: readonly Span[],
  options: PartOptions = {},
): { readonly bytes: Uint8Array; readonly properties: PartProperties } | undefined {
  const file = new MemoryFile();
  let created = 0;
  const createFile = () => {
    created += 1;
    return file;
  };
  const properties = copyPart(readerOf(bytes), keep, createFile, options);
  if (created !== (properties === undefined ? 0 : 1)) throw new Error(`${created} files made`);
  return properties === undefined ? undefined : { bytes: file.bytes, properties };
}
