// The self-test: checks the guarantees of SSTitch on this disk, file system, kernel and Node. It uses real
// stores and kills real processes, all in one directory that is removed at the end, however the test ends. No
// program can test what a power cut leaves of a disk's own cache.
import { link, realpath, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeTemporaryDirectory, removeTemporary } from '@sstitch/records/temporary-files';
import {
  assertIsolated,
  assertSameSync,
  captureEngine,
  captureSync,
  engineConformance,
  FIXTURE_SYNCS,
  writeFixtureBase,
  writeFixtureSource,
} from '@sstitch/testkit';
import { runKillFamily } from '@sstitch/testkit/torture';
import { reportOf } from '../../errors.js';
import { compactStores } from '../../operations/compact-stores.js';
import { playDemo } from '../../operations/demo-scene.js';
import { requireDirectory } from '../../stores/input-path.js';
import { type ByteStore, openLocalStore, withStore } from '../../stores/open-store.js';
import type { ProgressLine } from '../../terminal/progress-line.js';

const STRATEGIES = ['link', 'rebuild', 'batch'] as const;
const DEMO_GRANTS = 2000;
const FIXTURE_IDS = FIXTURE_SYNCS.map(({ syncId }) => syncId);

/** The outcome of one check. */
export interface SelfTestCheck {
  readonly name: string;
  readonly ok: boolean;
  readonly durationMs: number;
  /** Why the check failed. */
  readonly problem?: string;
}

export interface SelfTestReport {
  readonly ok: boolean;
  readonly directory: string;
  /** Whether the file system has hard links. Without them tables are copied: slower, but otherwise the same. */
  readonly hardLinks: boolean;
  readonly seed: number;
  readonly kills: number;
  readonly checks: readonly SelfTestCheck[];
}

export interface SelfTestOptions {
  /** A directory on the disk to check. */
  readonly directory: string;
  readonly seed: number;
  /** How many processes to kill. */
  readonly kills: number;
  readonly signal: AbortSignal;
  readonly progress: ProgressLine;
  readonly onCheck: (check: SelfTestCheck) => Promise<void>;
}

/** Runs every check, even after one has failed. */
export async function runSelfTest(options: SelfTestOptions): Promise<SelfTestReport> {
  const { seed, kills, signal, progress, onCheck } = options;
  requireDirectory(options.directory);
  const parent = await realpath(options.directory);
  const directory = await makeTemporaryDirectory('sstitch-selftest-', parent);
  try {
    const hardLinks = await hasHardLinks(directory);
    const checks: SelfTestCheck[] = [];
    for (const { name, check } of plannedChecks(directory, options)) {
      signal.throwIfAborted();
      progress.update({ doing: name });
      const started = performance.now();
      let problem: string | undefined;
      try {
        await check();
      } catch (error) {
        signal.throwIfAborted();
        problem = reportOf(error).message;
      }
      const durationMs = performance.now() - started;
      const done = { name, ok: problem === undefined, durationMs };
      checks.push(problem === undefined ? done : { ...done, problem });
      await onCheck(checks.at(-1) ?? done);
    }
    const ok = checks.every((check) => check.ok);
    return { ok, directory: parent, hardLinks, seed, kills, checks };
  } finally {
    await removeTemporary(directory);
  }
}

interface PlannedCheck {
  readonly name: string;
  /** Rejects if the check fails. */
  readonly check: () => Promise<void>;
}

function plannedChecks(directory: string, options: SelfTestOptions): readonly PlannedCheck[] {
  const { seed, kills, signal, progress } = options;
  return [
    ...conformanceChecks(join(directory, 'conformance'), signal),
    ...STRATEGIES.map((strategy) => ({
      name: `isolation: ${FIXTURE_SYNCS.length} syncs with adjacent ids replaced by ${strategy}`,
      check: () => checkIsolation(join(directory, strategy), strategy, signal),
    })),
    {
      name: 'a compaction beside an open reader, by its digests',
      check: async () => {
        const onEvent = async () => undefined;
        const { checks } = await playDemo({ directory, grants: DEMO_GRANTS, signal, onEvent });
        throwIfAny(checks.filter(({ ok }) => !ok).map(({ name }) => name));
      },
    },
    {
      name: `${kills} processes killed: each store whole, old or new`,
      check: async () => {
        const { failures } = await runKillFamily({
          ...{ directory, seed, rounds: kills, signal },
          onProgress: (tried) =>
            progress.update({ doing: 'killing', done: tried, total: kills, unit: 'processes' }),
        });
        throwIfAny(failures.map(({ replay, message }) => `${replay}: ${message}`));
      },
    },
  ];
}

function throwIfAny(problems: readonly string[]): void {
  if (problems.length > 0) throw new Error(problems.join('; '));
}

/** The engine's guarantees: one check for each chapter of the conformance suite. */
function conformanceChecks(directory: string, signal: AbortSignal): readonly PlannedCheck[] {
  const chapters: Array<{
    name: string;
    tests: Array<{ name: string; run: () => Promise<void> }>;
  }> = [];
  const framework = {
    describe: (name: string, body: () => void) => {
      chapters.push({ name, tests: [] });
      body();
    },
    it: (name: string, run: () => Promise<void>) => {
      chapters.at(-1)?.tests.push({ name, run });
    },
  };
  let made = 0;
  engineConformance('guarantees', framework, async () => {
    const location = `${directory}-${made++}`;
    let store = await openLocalStore(location, 'create');
    return {
      engine: store,
      reopen: async () => {
        await store.close();
        store = await openLocalStore(location, 'refuse');
        return store;
      },
      destroy: () => store.close(),
    };
  });
  // A store in a directory has no conditional commits, so the chapter on them would pass without testing anything.
  const tested = chapters.filter(({ name }) => name !== 'guarantees: conditions');
  return tested.map(({ name, tests }) => ({
    name: `${name} (${tests.length} tests)`,
    check: async () => {
      for (const { name: test, run } of tests) {
        signal.throwIfAborted();
        try {
          await run();
        } catch (cause) {
          throw new Error(`${test}: ${reportOf(cause).message}`, { cause });
        }
      }
    },
  }));
}

/** Replaces syncs whose ids are adjacent, one by one and then all in one commit. */
async function checkIsolation(
  directory: string,
  strategy: (typeof STRATEGIES)[number],
  signal: AbortSignal,
): Promise<void> {
  const rounds = [...FIXTURE_IDS.map((syncId) => [syncId]), FIXTURE_IDS];
  await withStore(`${directory}-base`, 'create', async (base) => {
    await writeFixtureBase(base);
    await withStore(`${directory}-source`, 'create', async (source) => {
      await writeFixtureSource(source, FIXTURE_SYNCS, 2);
      for (const syncIds of rounds) {
        // Every sync changes once more for the last round.
        if (syncIds === FIXTURE_IDS) await writeFixtureSource(source, FIXTURE_SYNCS, 3);
        await replaceAndCompare(base, source, syncIds, strategy, signal);
      }
    });
  });
}

async function replaceAndCompare(
  base: ByteStore,
  source: ByteStore,
  syncIds: readonly string[],
  strategy: (typeof STRATEGIES)[number],
  signal: AbortSignal,
): Promise<void> {
  const before = await captureEngine(base, FIXTURE_IDS);
  await compactStores({ base, source, syncIds: [...syncIds], strategy, signal });
  assertIsolated(before, await captureEngine(base, FIXTURE_IDS), syncIds);
  for (const syncId of syncIds) {
    assertSameSync(await captureSync(source, syncId), await captureSync(base, syncId));
  }
}

async function hasHardLinks(directory: string): Promise<boolean> {
  const file = join(directory, 'link-probe');
  await writeFile(file, '');
  return link(file, `${file}-2`).then(
    () => true,
    () => false,
  );
}
