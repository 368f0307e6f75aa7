// Compares databases that Baton's SDK wrote with the entries that Pebble lists.
import { describe, expect, it } from 'vitest';
import { listDatabase } from '../../test/list-entries.js';
import { MemoryFiles } from '../../test/memory-files.js';
import { SAMPLE_NAMES, sampleEntries, sampleFiles } from '../../test/samples.js';

describe.runIf(SAMPLE_NAMES.length > 0)('the sample', () => {
  it.each(SAMPLE_NAMES)('%s has exactly the entries that Pebble lists', async (name) => {
    const files = new MemoryFiles(await sampleFiles(name));
    expect(await listDatabase(files)).toEqual(sampleEntries(name));
    expect(files.openCount).toBe(0);
  });
});

describe.runIf(SAMPLE_NAMES.length === 0)('samples', () => {
  it.skip('are skipped: ../shared/data/c1z3 is missing', () => {});
});
