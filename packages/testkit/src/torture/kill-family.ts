// Kill -9, for real: a child process compacts, writes and makes checkpoints, and is killed at a random
// moment. Then the store is opened here. It must hold every acknowledged write, one whole revision of
// the compacted sync (the last acknowledged one or the one that had begun), all other syncs untouched,
// and nothing half-done on disk.
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { byteEncodings, Store } from '@sstitch/engine';
import { syncDigest } from '../sync-digest.js';
import { syntheticSyncId, writeSyntheticSync } from '../synthetic-syncs.js';
import { type FamilyReport, FamilyTally } from './family.js';
import { type VictimOrders, writtenKey, writtenValue } from './kill-victim.js';
import { seededRandom } from './random.js';

export interface KillOptions {
  /** How many processes to kill. */
  readonly rounds: number;
  readonly seed: number;
  /** Grants in each sync. @defaultValue 300 */
  readonly grants?: number;
  /** The longest time from the victim being ready to its end. @defaultValue 250 */
  readonly maxLifeMs?: number;
}

/** What the victim said before it died. */
interface LastWords {
  readonly lastWrite: number;
  /** The revision last acknowledged, if any was. */
  readonly committed: number | undefined;
  /** A revision whose compaction had begun and was not acknowledged. */
  readonly begun: number | undefined;
}

/** Runs the family; see the head of this file. */
export async function runKillFamily(options: KillOptions): Promise<FamilyReport> {
  const { rounds, seed, grants = 300, maxLifeMs = 250 } = options;
  const tally = new FamilyTally('kill');
  const random = seededRandom(seed);
  const folder = await mkdtemp(join(tmpdir(), 'sstitch-kill-'));
  try {
    const stores = await makeStores(folder, grants);
    let lastWrite = -1;
    let held = 0;
    for (let round = 0; round < rounds; round++) {
      const lifeMs = Math.floor(random() * maxLifeMs);
      await tally.try(`seed ${seed}, round ${round}, life ${lifeMs} ms`, async () => {
        const words = await killAfter(orderOf(stores, folder, lastWrite + 1), lifeMs);
        const base = new Store(stores.basePath);
        try {
          await base.open();
          lastWrite = Math.max(lastWrite, words.lastWrite);
          held = await checkStore(base, stores, words, held);
          await checkWrites(base, lastWrite);
          // What was written and not acknowledged may be there too.
          while ((await base.get(writtenKey(lastWrite + 1), byteEncodings)) !== undefined)
            lastWrite++;
        } finally {
          await base.close();
        }
        await checkFolder(stores.basePath);
        await rm(join(folder, 'checkpoints'), { recursive: true, force: true });
        await mkdir(join(folder, 'checkpoints'));
      });
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  return tally.report();
}

interface KillStores {
  readonly basePath: string;
  readonly sourcePaths: readonly string[];
  readonly replacedId: string;
  /** Digest of the replaced sync in each source. */
  readonly revisions: readonly string[];
  /** Digest of each other sync in the base. */
  readonly untouched: ReadonlyMap<string, string>;
}

async function makeStores(folder: string, grants: number): Promise<KillStores> {
  await mkdir(join(folder, 'checkpoints'));
  const basePath = join(folder, 'base');
  const base = new Store(basePath);
  const replacedId = syntheticSyncId({ syncIndex: 0 });
  const untouched = new Map<string, string>();
  for (const syncIndex of [0, 1, 2]) {
    const { syncId } = await writeSyntheticSync(base, {
      grants,
      syncIndex,
      revision: 0,
      shuffle: true,
    });
    if (syncIndex > 0) untouched.set(syncId, (await syncDigest(base, syncId)).digest);
  }
  await base.close();
  const sourcePaths: string[] = [];
  const revisions: string[] = [];
  // Revision 0 is what the base begins with, so that every round may end where the last one did.
  for (const revision of [0, 1, 2]) {
    const path = join(folder, `source-${revision}`);
    const source = new Store(path);
    await writeSyntheticSync(source, { grants, revision, shuffle: true });
    revisions.push((await syncDigest(source, replacedId)).digest);
    await source.close();
    sourcePaths.push(path);
  }
  return { basePath, sourcePaths, replacedId, revisions, untouched };
}

function orderOf(stores: KillStores, folder: string, firstWrite: number): VictimOrders {
  return {
    basePath: stores.basePath,
    sourcePaths: stores.sourcePaths,
    syncIds: [stores.replacedId],
    firstWrite,
    checkpointPath: join(folder, 'checkpoints', 'checkpoint'),
  };
}

/** Starts a victim, and kills it `lifeMs` after it said that it is ready. */
async function killAfter(orders: VictimOrders, lifeMs: number): Promise<LastWords> {
  const wordsPath = `${orders.checkpointPath}-words`;
  // A file and not a pipe: what was written to it is there, whatever happens to the writer.
  const words = openSync(wordsPath, 'w');
  let errors = '';
  try {
    const victim = spawn(process.execPath, [victimFile(), JSON.stringify(orders)], {
      stdio: ['ignore', words, 'pipe'],
    });
    let dying = false;
    victim.stderr?.on('data', (bytes: Buffer) => {
      errors += bytes.toString();
      if (dying || !errors.includes('ready\n')) return;
      dying = true;
      setTimeout(() => victim.kill('SIGKILL'), lifeMs);
    });
    const signal = await ended(victim);
    if (signal !== 'SIGKILL') throw new Error(`the victim ended by itself (${signal}): ${errors}`);
  } finally {
    closeSync(words);
  }
  return parseWords(await readFile(wordsPath, 'utf8'));
}

function ended(victim: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    victim.on('error', reject);
    victim.on('close', (code, signal) => resolve(signal ?? `code ${code}`));
  });
}

/** Built beside this module; when the sources run under a test, in dist/. */
function victimFile(): string {
  const here = fileURLToPath(import.meta.url);
  const name = 'kill-victim.js';
  return here.endsWith('.ts')
    ? fileURLToPath(new URL(`../../dist/${name}`, import.meta.url))
    : fileURLToPath(new URL(`./${name}`, import.meta.url));
}

function parseWords(output: string): LastWords {
  let lastWrite = -1;
  let committed: number | undefined;
  let begun: number | undefined;
  // The last piece is empty, or a line that the kill cut short.
  for (const line of output.split('\n').slice(0, -1)) {
    const [word, number] = line.split(' ');
    if (word === 'w') lastWrite = Number(number);
    if (word === 'b') begun = Number(number);
    if (word === 'c') {
      committed = Number(number);
      begun = undefined;
    }
  }
  return { lastWrite, committed, begun };
}

/** Gives the revision that the store holds now. */
async function checkStore(
  base: Store,
  stores: KillStores,
  words: LastWords,
  heldBefore: number,
): Promise<number> {
  const { digest } = await syncDigest(base, stores.replacedId);
  const allowed = [
    words.committed ?? heldBefore,
    ...(words.begun === undefined ? [] : [words.begun]),
  ];
  const held = stores.revisions.indexOf(digest);
  if (held < 0) throw new Error('the sync is neither old nor new');
  if (!allowed.includes(held)) {
    throw new Error(`the sync has revision ${held}, it may have ${allowed.join(' or ')}`);
  }
  for (const [id, expected] of stores.untouched) {
    if ((await syncDigest(base, id)).digest !== expected) throw new Error(`sync ${id} was touched`);
  }
  return held;
}

async function checkWrites(base: Store, lastWrite: number): Promise<void> {
  const pageKeys = 1000;
  for (let from = 0; from <= lastWrite; from += pageKeys) {
    const indexes = Array.from(
      { length: Math.min(pageKeys, lastWrite + 1 - from) },
      (_, i) => from + i,
    );
    const values = await base.getMany(indexes.map(writtenKey), byteEncodings);
    for (const [i, index] of indexes.entries()) {
      const value = values[i];
      if (value === undefined || !Buffer.from(value).equals(writtenValue(index))) {
        throw new Error(`the acknowledged write ${index} of ${lastWrite} is lost`);
      }
    }
  }
}

/** After an open and a close there is one generation, and nothing half-done. */
async function checkFolder(path: string): Promise<void> {
  const names = (await readdir(path)).filter((name) => name !== 'staging');
  if (names.length !== 3 || names.filter((name) => name.startsWith('gen-')).length !== 1) {
    throw new Error(`the store's folder holds ${names.join(', ')}`);
  }
}
