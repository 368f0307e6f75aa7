// Imports files of Baton and of SSTitch, exports them in every format that holds a whole sync, and imports them
// again: every sync has the same digest. Baton's samples lie outside the repository.
import { existsSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { digestsOf, sstitchJson, testDirectory } from './in-process.js';

const FIXTURES = fileURLToPath(new URL('../../c1z/test-data/', import.meta.url));
const SHARED = fileURLToPath(new URL('../../../../shared/data/', import.meta.url));

/** The .c1z files of a directory; none where it is missing. */
function c1zFilesIn(directory: string): readonly string[] {
  if (!existsSync(directory)) return [];
  const names = readdirSync(directory).filter((name) => name.endsWith('.c1z'));
  return names.sort().map((name) => join(directory, name));
}

const SAMPLES = [...c1zFilesIn(SHARED), ...c1zFilesIn(join(SHARED, 'c1z3'))];

/** Exports all syncs of a store at once, imports the file, and returns the digests. */
async function through(
  { store, digests }: ImportedFile,
  file: string,
  ...more: string[]
): Promise<object> {
  const syncs = Object.keys(digests).join(',');
  await sstitchJson('export', store, '--sync', syncs, '--output', file, ...more);
  const again = `${file}.store`;
  const zone = more.includes('--zone') ? ['--zone', 'UTC'] : [];
  await sstitchJson('import', file, '--into', again, ...zone);
  expect(await sstitchJson('verify', again)).toMatchObject({ ok: true });
  return digestsOf(again);
}

async function expectRoundTrips(path: string): Promise<ImportedFile> {
  const directory = testDirectory();
  const store = join(directory, 'store');
  await sstitchJson('import', path, '--into', store);
  expect(await sstitchJson('verify', store)).toMatchObject({ ok: true });
  const digests = await digestsOf(store);
  expect(Object.keys(digests).length).toBeGreaterThan(0);
  const file = (name: string) => join(directory, name);

  const imported = { directory, store, digests };
  expect(await through(imported, file('lines.jsonl'))).toEqual(digests);
  expect(await through(imported, file('format-1.c1z'), '--format', 'c1z1')).toEqual(digests);
  // A file of format 3 holds one sync.
  for (const [syncId, digest] of Object.entries(digests)) {
    const output = file(`${syncId}.c1z`);
    await sstitchJson('export', store, '--sync', syncId, '--output', output);
    await sstitchJson('import', output, '--into', file(`${syncId}.store`));
    expect(await digestsOf(file(`${syncId}.store`))).toEqual({ [syncId]: digest });
  }
  return imported;
}

interface ImportedFile {
  readonly directory: string;
  readonly store: string;
  readonly digests: object;
}

describe('a file keeps every byte through JSON Lines, format 1 and format 3', () => {
  it.each(c1zFilesIn(FIXTURES).map((path) => [basename(path), path]))('%s', async (_name, path) => {
    const imported = await expectRoundTrips(path);
    const file = join(imported.directory, 'lines.jsonl.gz');
    expect(await through(imported, file)).toEqual(imported.digests);
  });
});

describe('a sample of Baton keeps every byte', () => {
  it.skipIf(SAMPLES.length > 0)('is skipped: the samples are not present', () => {});

  it.each(SAMPLES.map((path) => [basename(path), path]))('%s', async (_name, path) => {
    await expectRoundTrips(path);
  });
});
