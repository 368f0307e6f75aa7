// The scenarios of the fault family, which tries a fault at every operation of each: each kind of commit on
// each kind of base, and everything else that touches files.

import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { byteEncodings, type Span } from '@sstitch/contract';
import { adopt, openReadOnly } from '@sstitch/engine';
import type { CrashTarget, Entries, Region } from '../crash/crash-checker.js';
import {
  type ByteStore,
  entriesOf,
  pagesOf,
  prepareStore,
  span,
} from '../crash/crash-recording.js';
import type { FaultRun, FaultScenario } from './fault-case.js';

interface Base {
  readonly name: string;
  readonly layers: readonly Entries[];
  readonly unflushed: Entries;
}

const wide = ['a', 'b', 'c', 'd', 'e'].flatMap((prefix) => entriesOf(prefix, 12, 'first', 40));
const overlapping = [
  ['a', 'c', 'e'].flatMap((prefix) => entriesOf(prefix, 4, 'second')),
  ['b', 'd'].flatMap((prefix) => entriesOf(prefix, 5, 'third')),
];
const ONE_TABLE: Base = { name: 'one table', layers: [wide], unflushed: [] };
const WITH_LOG: Base = { name: 'a log', layers: [wide], unflushed: entriesOf('c', 3, 'log') };
const LEVELS: Base = { name: 'level-0 tables', layers: [wide, ...overlapping], unflushed: [] };

const NARROW = [['b0003', 'b0009']] as const;
const MANY = [
  ['a0001', 'a0003'],
  ['a0005', 'b'],
  ['b0004', 'b0005'],
  ['c', 'd0002'],
  ['d0003', 'd0007'],
  ['f', 'g'],
] as const;
const ALL = [['', '\xf0']] as const;

type Bounds = ReadonlyArray<readonly [string, string]>;
const isInside = (bounds: Bounds) => (key: string) =>
  bounds.some(([start, end]) => start <= key && key < end);
const spansOf = (bounds: Bounds): Span[] => bounds.map(([start, end]) => span(start, end));

function heldBy({ layers, unflushed }: Base): Entries {
  return [...new Map([...layers, unflushed].flat())];
}

function incomingFor(bounds: Bounds): Entries {
  return ['a', 'b', 'c', 'd', 'f']
    .flatMap((prefix) => entriesOf(prefix, 10, 'incoming', 10))
    .filter(([key]) => isInside(bounds)(key));
}

const WRITES = 3;
const FIRST_WRITE = 2;

/** Region 0 is the content of the spans, region 1 the rest; a region for each write follows. */
function regionsOf(base: Base, bounds: Bounds, incoming: Entries, writes: number): Region[] {
  const held = heldBy(base);
  const inside = isInside(bounds);
  return [
    { versions: [held.filter(([key]) => inside(key)), incoming] },
    { versions: [held.filter(([key]) => !inside(key))] },
    ...Array.from({ length: writes }, (_, index) => ({
      versions: [[], entriesOf(`w${index}-`, 1 + index, 'write')],
    })),
  ];
}

interface CommitKind {
  readonly name: string;
  readonly needsSource?: boolean;
  readonly empties?: boolean;
  commit(store: ByteStore, bounds: Bounds, run: FaultRun): Promise<unknown>;
}

const replaceSpans: CommitKind = {
  name: 'replaceSpans',
  commit: (store, bounds) => store.replaceSpans(spansOf(bounds), pagesOf(incomingFor(bounds))),
};
const excise: CommitKind = {
  name: 'excise',
  empties: true,
  commit: (store, bounds) => store.excise(spansOf(bounds)),
};
const link: CommitKind = {
  name: 'extract and link',
  needsSource: true,
  async commit(store, bounds, run) {
    const source = await run.open('source');
    const tables = await source.extract(spansOf(bounds), run.path('extracted'), { share: true });
    await store.ingestAndExcise(tables);
  },
};
const move: CommitKind = {
  name: 'extract and move',
  needsSource: true,
  async commit(store, bounds, run) {
    const source = await run.open('source');
    const tables = await source.extract(spansOf(bounds), run.path('extracted'), { share: true });
    await store.ingestAndExcise(tables, { move: true });
  },
};
const foreign: CommitKind = {
  name: 'ingest foreign tables',
  needsSource: true,
  async commit(store, bounds, run) {
    const source = await run.open('source');
    const tables = await source.extract(spansOf(bounds), run.path('foreign'));
    await store.ingestAndExcise(
      tables.spans.map((given) => ({
        span: given.span,
        runs: given.runs.map((tablesOfRun) => tablesOfRun.map(({ path }) => path)),
      })),
    );
  },
};

function commitScenario(
  kind: CommitKind,
  base: Base,
  bounds: Bounds,
  concurrent: boolean,
): FaultScenario {
  const incoming = kind.empties ? [] : incomingFor(bounds);
  const regions = regionsOf(base, bounds, incoming, concurrent ? WRITES : 0);
  const size = bounds === ALL ? 'all' : `${bounds.length} spans`;
  return {
    name: `${kind.name}, ${base.name}, ${size}${concurrent ? ', with writes' : ''}`,
    async prepare(directory) {
      await prepareStore(`${directory}/base`, base.layers, base.unflushed);
      if (kind.needsSource) {
        const around = ['a', 'b', 'e', 'z'].flatMap((prefix) => entriesOf(prefix, 3, 'other'));
        const outside = around.filter(([key]) => !isInside(bounds)(key));
        const half = incoming.length >>> 1;
        const layers = [[...outside, ...incoming.slice(0, half)], incoming.slice(half)];
        await prepareStore(`${directory}/source`, layers, incoming.slice(-1));
      }
      return [{ path: 'base', regions, origin: 'there' }];
    },
    async act(run) {
      const store = await run.open('base');
      if (concurrent) run.writeMeanwhile(store, regions, FIRST_WRITE);
      await run.replacing(0, 0, 1, () => kind.commit(store, bounds, run));
      await run.settled();
    },
  };
}

/** A scenario that does not change the base. */
function readingScenario(
  name: string,
  base: Base,
  act: (store: ByteStore, run: FaultRun) => Promise<unknown>,
  made: readonly string[] = [],
): FaultScenario {
  const held: Region[] = [{ versions: [heldBy(base)] }];
  return {
    name: `${name}, ${base.name}`,
    async prepare(directory) {
      await prepareStore(`${directory}/base`, base.layers, base.unflushed);
      const targets: CrashTarget[] = [{ path: 'base', regions: held, origin: 'there' }];
      for (const path of made) targets.push({ path, regions: held, origin: 'copied' });
      return targets;
    },
    async act(run) {
      await act(await run.open('base'), run);
      for (const index of made.keys()) run.made(index + 1);
    },
  };
}

const extract = (bounds: Bounds) => (store: ByteStore, run: FaultRun) =>
  store.extract(spansOf(bounds), run.path('extracted'), { share: true });

/** Reads through a read-only open while the owner has the store open. */
const readOnly = (copyDirectory: string | undefined) => async (_: ByteStore, run: FaultRun) => {
  const { fileSystem } = run.faults;
  const options = {
    ...byteEncodings,
    fileSystem,
    ...(copyDirectory === undefined ? {} : { copyDirectory: run.path(copyDirectory) }),
  };
  const reader = await openReadOnly<Uint8Array, Uint8Array>(run.path('base'), options);
  await reader.keys({ keyEncoding: 'view' }).all();
  run.faults.heal();
  await reader.close();
};

function adoptScenario(base: Base): FaultScenario {
  const regions: Region[] = [{ versions: [heldBy(base)] }];
  return {
    name: `adopt, ${base.name}`,
    async prepare(directory) {
      await prepareStore(`${directory}/made`, base.layers, base.unflushed);
      cpSync(`${directory}/made/gen-000001`, `${directory}/level`, {
        recursive: true,
        filter: (path) => !path.endsWith('/LOCK'),
      });
      rmSync(`${directory}/made`, { recursive: true });
      return [{ path: 'store', regions, origin: 'copied' }];
    },
    async act(run) {
      const { fileSystem } = run.faults;
      await adopt(run.path('level'), run.path('store'), { fileSystem });
      run.made(0);
    },
  };
}

/** A scenario that opens a store in which `spoil` has left the state of a crash. */
function openScenario(
  name: string,
  spoil: (path: string) => void,
  { made = true, path = 'base' }: { readonly made?: boolean; readonly path?: string } = {},
): FaultScenario {
  const regions: Region[] = [{ versions: [made ? heldBy(WITH_LOG) : []] }];
  return {
    name: `open ${name}`,
    async prepare(directory) {
      if (made) await prepareStore(`${directory}/${path}`, WITH_LOG.layers, WITH_LOG.unflushed);
      spoil(`${directory}/${path}`);
      return [{ path, regions, origin: made ? 'there' : 'opened' }];
    },
    async act(run) {
      const store = await run.open(path);
      run.made(0);
      await store.keys({ keyEncoding: 'view' }).all();
      await store.close();
    },
  };
}

const leaveLeftovers = (path: string) => {
  cpSync(`${path}/gen-000001`, `${path}/gen-000005`, { recursive: true });
  mkdirSync(`${path}/gen-000004/deep`, { recursive: true });
  mkdirSync(`${path}/staging/2`, { recursive: true });
  writeFileSync(`${path}/staging/2/built-0.table`, 'half a table');
  writeFileSync(`${path}/CURRENT.tmp`, 'gen-000005\n');
  mkdirSync(`${path}/readers/99999999-1`, { recursive: true });
  writeFileSync(`${path}/readers/99999999-1/000001.ldb`, 'half a copy');
};

const halfMade =
  (...files: string[]) =>
  (path: string) => {
    mkdirSync(`${path}/gen-000001`, { recursive: true });
    if (files.includes('half a database')) {
      writeFileSync(`${path}/gen-000001/CURRENT`, 'MANIFEST-000001\n');
      writeFileSync(`${path}/gen-000001/MANIFEST-000001`, '');
    }
    if (files.includes('FORMAT')) writeFileSync(`${path}/FORMAT`, 'sstitch sto');
    if (files.includes('CURRENT.tmp')) writeFileSync(`${path}/CURRENT.tmp`, 'gen-');
  };

const heldReader: FaultScenario = {
  name: 'two commits with a reader on the first generation, then a close',
  async prepare(directory) {
    await prepareStore(`${directory}/base`, LEVELS.layers);
    const [inside, rest] = regionsOf(LEVELS, NARROW, incomingFor(NARROW), 0);
    const regions = [{ versions: [...(inside?.versions ?? []), []] }, rest as Region];
    return [{ path: 'base', regions, origin: 'there' }];
  },
  async act(run) {
    const store = await run.open('base');
    const iterator = store.iterator(byteEncodings);
    try {
      await run.replacing(0, 0, 1, () => replaceSpans.commit(store, NARROW, run));
      await run.replacing(0, 0, 2, () => excise.commit(store, NARROW, run));
    } finally {
      await iterator.close();
      await store.close();
    }
  },
};

const commitKinds = [replaceSpans, excise, link, move, foreign];

export const faultScenarios: readonly FaultScenario[] = [
  ...commitKinds.flatMap((kind) => [
    commitScenario(kind, ONE_TABLE, NARROW, false),
    commitScenario(kind, LEVELS, MANY, false),
    commitScenario(kind, WITH_LOG, MANY, true),
  ]),
  commitScenario(replaceSpans, WITH_LOG, ALL, false),
  commitScenario(excise, LEVELS, ALL, false),
  heldReader,
  readingScenario('extract one span', WITH_LOG, extract(NARROW)),
  readingScenario('extract many spans', LEVELS, extract(MANY)),
  readingScenario('extract all', LEVELS, extract(ALL)),
  readingScenario('checkpoint', LEVELS, (store, run) => store.checkpoint(run.path('copy')), [
    'copy',
  ]),
  readingScenario(
    'checkpoint into new directories',
    WITH_LOG,
    (store, run) => store.checkpoint(run.path('some/directory/copy')),
    ['some/directory/copy'],
  ),
  readingScenario('read-only open', WITH_LOG, readOnly(undefined)),
  readingScenario('read-only open with the copy elsewhere', LEVELS, readOnly('copies')),
  readingScenario('metrics', LEVELS, (store) => store.metrics()),
  adoptScenario(WITH_LOG),
  adoptScenario(LEVELS),
  openScenario('a clean store', () => undefined),
  openScenario('the leftovers of a crash', leaveLeftovers),
  openScenario('a new store', () => undefined, { made: false }),
  openScenario('a new store in new directories', () => undefined, {
    made: false,
    path: 'some/directory/new',
  }),
  openScenario('a half-made store', halfMade('half a database'), { made: false }),
  openScenario('a store without its CURRENT', halfMade('FORMAT', 'CURRENT.tmp'), {
    made: false,
  }),
];
