// Fuzzes tables, MANIFESTs, logs, keys, records, .c1z and .jsonl files and command lines that are nearly valid.
// They may only cause typed errors, promptly and in bounded memory. LevelDB must read a table or store that
// verification accepts as this code does.
import { join } from 'node:path';
import { makeC1z } from '@sstitch/c1z/testing';
import { makeInternalKey, nodeFileSystem, TableBuilder, type TableOptions } from '@sstitch/sst';
import {
  type CountedReport,
  type FamilyOptions,
  FamilyTally,
  tortureDirectory,
} from '@sstitch/testkit/torture';
import { runCases } from '../cases/case-process.js';
import { makeSmallStore } from '../cases/small-store.js';
import type { FuzzSetup } from './fuzz-cases.js';

export interface FuzzOptions extends FamilyOptions {
  readonly inputs: number;
  /** One in this many accepted inputs is also read by LevelDB. @defaultValue 20 */
  readonly compareEvery?: number;
  /** One in this many inputs is a .c1z file. @defaultValue 1000 */
  readonly syncFileEvery?: number;
  /** @defaultValue 2 */
  readonly processes?: number;
}

/** Runs the family, as the top of this file describes. */
export async function runFuzzFamily(options: FuzzOptions): Promise<CountedReport> {
  const { seed, inputs, compareEvery = 20, syncFileEvery = 1000, processes } = options;
  const tally = new FamilyTally('fuzz', options);
  const torture = tortureDirectory('fuzz', 'memory');
  const directory = torture.path;
  try {
    const syncFile = join(directory, 'sound.c1z');
    await makeC1z(syncFile, {
      syncs: [{ syncId: '36zfOAoWMxQdISbixanQCRBiX7E', resourceTypes: [{ id: 'user' }] }],
    });
    const setup: FuzzSetup = {
      seed,
      store: await makeSmallStore(join(directory, 'store'), join(directory, 'stale'), seed),
      tables: makeTables(directory),
      syncFile,
      compareEvery,
      syncFileEvery,
    };
    const counts = await runCases(tally, {
      family: 'fuzz',
      setup,
      cases: inputs,
      replay: `seed ${seed}`,
      processes,
    });
    return { ...tally.report(), counts: Object.fromEntries(counts) };
  } finally {
    torture.remove();
  }
}

/**
 * Creates tables that the small store lacks: without a filter, uncompressed, sealed, with many versions of few
 * keys.
 */
function makeTables(directory: string): string[] {
  const variants: readonly TableOptions[] = [
    { compression: 'none', blockSizeBytes: 1024, bloomBitsPerKey: 0, restartInterval: 3 },
    { compression: 'none', blockSizeBytes: 1024 },
    { compression: 'snappy', blockSizeBytes: 1024, restartInterval: 1 },
    { compression: 'snappy', blockSizeBytes: 1024, seal: true },
  ];
  return variants.map((variant, index) => {
    const path = join(directory, `variant-${index}.ldb`);
    const file = nodeFileSystem.open(path, 'create');
    try {
      const builder = new TableBuilder(file, variant);
      for (let key = 0; key < 30; key++) {
        for (let version = 3; version > 0; version--) {
          const type = version === 2 && key % 3 === 0 ? 'deletion' : 'value';
          const userKey = Buffer.from(`key ${String(key).padStart(3, '0')}`);
          const internalKey = makeInternalKey(userKey, 10 * key + version, type);
          const value = type === 'value' ? `${key} ${version} `.repeat(version) : '';
          builder.add(internalKey, Buffer.from(value));
        }
      }
      builder.finish();
      return path;
    } finally {
      file.close();
    }
  });
}
