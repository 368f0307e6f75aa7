// The cases of the hostile family, as a child process runs them. Each creates a hostile input and passes it to
// the package that it attacks. The package must refuse it with a reason and touch nothing outside the case's
// directory.

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

/** All cases in a fixed order. */
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
