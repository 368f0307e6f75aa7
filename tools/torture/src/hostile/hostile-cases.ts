// The cases of the hostile family, as a child process runs them: each makes something that was made to do
// harm, and gives it to the package that it is meant for. Nothing outside the case's own directory may be
// touched by it, and what refuses it says why.

import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CaseRunner, Counts } from '../cases/case-runner.js';
import type { SmallStore } from '../cases/small-store.js';
import type { HostileCase } from './hostile-case.js';
import { hostileStores } from './hostile-stores.js';
import { hostileSyncFiles } from './hostile-sync-files.js';
import { hostileTables } from './hostile-tables.js';

export interface HostileSetup {
  readonly store: SmallStore;
  readonly seed: number;
}

/** All cases, always in the same order. */
export const HOSTILE_CASES: readonly HostileCase[] = [
  ...hostileSyncFiles,
  ...hostileTables,
  ...hostileStores,
];

const BYSTANDERS = ['precious.txt', '000005.ldb', '99999999-7', 'CURRENT'];

export async function hostileCases(setup: HostileSetup): Promise<CaseRunner> {
  return {
    counts: new Counts(),
    describe: (index) => HOSTILE_CASES[index % HOSTILE_CASES.length]?.name ?? '',
    run: async (index) => {
      const directory = mkdtempSync(join(tmpdir(), 'sstitch-hostile-'));
      const outside = join(directory, 'outside');
      mkdirSync(outside);
      for (const name of BYSTANDERS) writeFileSync(join(outside, name), `bystander ${name}`);
      try {
        const round = Math.floor(index / HOSTILE_CASES.length);
        const place = { ...setup, seed: setup.seed + round, directory, outside };
        await HOSTILE_CASES[index % HOSTILE_CASES.length]?.run(place);
        const left = readdirSync(outside).sort();
        if (left.join() !== [...BYSTANDERS].sort().join()) {
          throw new Error(`the directory outside now holds ${left.join(', ')}`);
        }
        for (const name of BYSTANDERS) {
          if (readFileSync(join(outside, name), 'utf8') !== `bystander ${name}`) {
            throw new Error(`${name}, outside, was changed`);
          }
        }
      } finally {
        rmSync(directory, { recursive: true, force: true });
      }
    },
    close: async () => undefined,
  };
}
