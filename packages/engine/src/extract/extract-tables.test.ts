import { expect, test } from 'vitest';
import { checkingOf } from '../tables/trusted-sets.js';
import { type SharedList, takeRest } from '../threads/shared-list.js';
import type { TaskRunner } from '../threads/task-runner.js';
import { extractTables } from './extract-tables.js';

const key = Uint8Array.from([0x61, 1, 1, 0, 0, 0, 0, 0, 0]);
const span = { start: Uint8Array.of(0x61), end: Uint8Array.of(0x62) };
const table = { number: 1, sizeBytes: 1, smallest: key, largest: key };

test('a check that fails while tables are still split is told to the commit, and nowhere else', async () => {
  const failure = new Error('damaged');
  const runner = {
    async run({ name }: { name: string }, input: { jobs: SharedList<{ kind: string }> }) {
      if (name === 'linkForExtract') {
        const linked = { table, placement: 'linked' };
        const split = {
          ...linked,
          path: 'split',
          parts: [{ keep: [span], path: 'part', spanIndex: 0 }],
        };
        const check = { ...linked, path: 'check', spanIndex: 0, parts: [] };
        return { lastSequence: 1, groups: [[split, check]] };
      }
      takeRest(input.jobs);
      if (input.jobs.items[0]?.kind === 'check') throw failure;
      await new Promise((resolve) => setTimeout(resolve, 20));
      return new Map([[0, { kind: 'split', parts: [undefined] }]]);
    },
  } as unknown as TaskRunner;
  const request = {
    ...{ sourceDirectory: 'source', targetDirectory: 'target', spans: [span] },
    ...{ leastLogNumber: 0, shareFromBytes: 0, verify: false, checksLater: true },
  };
  const set = await extractTables(runner, request, undefined);
  await expect(checkingOf(set)).rejects.toBe(failure);
});
