// The scenarios of the crash-state family: every way in which a store's files change. Sizes, bounds and the
// timing of writes are random, so that each pass differs.

import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { byteEncodings, type Span } from '@sstitch/contract';
import { adopt } from '@sstitch/engine';
import type { Entries, Region } from './crash-checker.js';
import {
  type ByteStore,
  type CrashRecording,
  entriesOf,
  latin1,
  pagesOf,
  prepareStore,
  span,
  writeEntries,
} from './crash-recording.js';

export interface CrashScenario {
  readonly name: string;
  record(recording: CrashRecording): Promise<void>;
}

/** A base of several tables, spans that split them, and the entries to put into the spans. */
interface Layout {
  readonly layers: readonly Entries[];
  readonly unflushed: Entries;
  readonly spans: readonly Span[];
  readonly incoming: Entries;
  readonly inside: Region;
  readonly rest: Region;
}

const SPAN_BOUNDS = [
  ['b0003', 'b0009'],
  ['d', 'e'],
  ['f0002', 'f0003'],
  ['h', 'i'],
] as const;

function layoutOf(recording: CrashRecording): Layout {
  const count = recording.whole(6, 24);
  const pad = recording.whole(0, 200);
  const layers = [
    ['a', 'b', 'c', 'd'].flatMap((prefix) => entriesOf(prefix, count, 'first', pad)),
    ['b', 'd', 'f'].flatMap((prefix) => entriesOf(prefix, recording.whole(1, count), 'second')),
    ...(recording.random() < 0.4 ? [entriesOf('c', 3, 'third')] : []),
  ];
  const unflushed = recording.random() < 0.6 ? entriesOf('f', recording.whole(1, 5), 'log') : [];
  const bounds = SPAN_BOUNDS.filter((_, index) => index === 0 || recording.random() < 0.6);
  const spans = bounds.map(([start, end]) => span(start, end));
  const isInside = (key: string) => bounds.some(([start, end]) => start <= key && key < end);
  const incoming = ['b', 'd', 'f', 'h']
    .flatMap((prefix) => entriesOf(prefix, recording.whole(0, 20), 'incoming', pad >>> 1))
    .filter(([key]) => isInside(key));
  const held = [...new Map([...layers, unflushed].flat())];
  return {
    layers,
    unflushed,
    spans,
    incoming,
    inside: { versions: [held.filter(([key]) => isInside(key)), incoming] },
    rest: { versions: [held.filter(([key]) => !isInside(key))] },
  };
}

const INSIDE = 0;
/** The first region of single writes, after those of the layout. */
const FIRST_WRITE = 2;

function writeRegions(count: number): Region[] {
  return Array.from({ length: count }, (_, index) => {
    // A batch is one region, which is replaced as a whole.
    const batch = entriesOf(`w${index}-`, 1 + (index % 3), `write-${index}`);
    return { versions: [[], batch] };
  });
}

async function prepareBase(recording: CrashRecording, writes: number) {
  const layout = layoutOf(recording);
  await prepareStore(recording.path('base'), layout.layers, layout.unflushed);
  const regions = [layout.inside, layout.rest, ...writeRegions(writes)];
  return { layout, regions, base: recording.target('base', regions) };
}

/** Writes one region after another durably while `going` returns true. */
async function writeRegionsTo(
  recording: CrashRecording,
  store: ByteStore,
  target: number,
  regions: readonly Region[],
  range: readonly [from: number, to: number],
): Promise<void> {
  for (let region = range[0]; region < range[1]; region++) {
    const entries = regions[region]?.versions[1] ?? [];
    await recording.replacing(target, region, 1, () => writeEntries(store, entries));
  }
}

/**
 * Writes the regions from `from` on durably, each beginning at a random operation; returns a function that
 * stops and waits for them.
 */
function writesInBetween(
  recording: CrashRecording,
  store: ByteStore,
  target: number,
  regions: readonly Region[],
  from: number,
): () => Promise<unknown> {
  const writes: Promise<unknown>[] = [];
  let next = from;
  recording.recorder.before = () => {
    if (next >= regions.length || recording.random() > 0.15) return;
    const region = next++;
    const entries = regions[region]?.versions[1] ?? [];
    writes.push(recording.replacing(target, region, 1, () => writeEntries(store, entries)));
  };
  return () => {
    recording.recorder.before = () => undefined;
    return Promise.all(writes);
  };
}

/** A scenario in which `act` replaces the spans of a base, perhaps during writes. */
function commitScenario(
  name: string,
  prepare: (recording: CrashRecording, layout: Layout) => Promise<unknown>,
  act: (store: ByteStore, layout: Layout, recording: CrashRecording) => Promise<unknown>,
  writes = 0,
): CrashScenario {
  return {
    name,
    async record(recording) {
      const { layout, regions, base } = await prepareBase(recording, writes);
      await prepare(recording, layout);
      recording.begin();
      const store = await recording.openRecorded('base');
      try {
        // Not synced: the commit also makes earlier acknowledged writes durable.
        const first = regions[FIRST_WRITE];
        if (first !== undefined) {
          recording.begun(base, FIRST_WRITE, 1);
          await writeEntries(store, first.versions[1] ?? [], false);
        }
        const others = writesInBetween(recording, store, base, regions, FIRST_WRITE + 1);
        await recording.replacing(base, INSIDE, 1, () => act(store, layout, recording));
        if (first !== undefined) recording.promised(base, FIRST_WRITE, 1);
        await others();
      } finally {
        await store.close();
      }
    },
  };
}

const nothing = async () => undefined;

/** Creates a second store with the incoming entries and some around them. */
async function prepareSource(recording: CrashRecording, layout: Layout): Promise<void> {
  const half = layout.incoming.length >>> 1;
  const around = [...entriesOf('a', 3, 'foreign'), ...entriesOf('z', 3, 'foreign')];
  await prepareStore(
    recording.path('source'),
    [[...around, ...layout.incoming.slice(0, half)], layout.incoming.slice(half - 1)],
    layout.incoming.slice(-1),
  );
}

async function withSource<T>(
  recording: CrashRecording,
  act: (source: ByteStore) => Promise<T>,
): Promise<T> {
  const source = await recording.openRecorded('source');
  try {
    return await act(source);
  } finally {
    await source.close();
  }
}

const replaceSpans = commitScenario('replaceSpans', nothing, (store, { spans, incoming }) =>
  store.replaceSpans(spans, pagesOf(incoming)),
);

const replaceWithWrites = commitScenario(
  'replaceSpans with writes',
  nothing,
  (store, { spans, incoming }) => store.replaceSpans(spans, pagesOf(incoming)),
  9,
);

const linkCommit = commitScenario(
  'extract and ingest by links',
  prepareSource,
  (store, { spans }, recording) =>
    withSource(recording, async (source) => {
      const tables = await source.extract(spans, recording.path('extracted'), { share: true });
      await store.ingestAndExcise(tables);
    }),
  4,
);

const moveCommit = commitScenario(
  'extract and ingest by moves',
  prepareSource,
  (store, { spans }, recording) =>
    withSource(recording, async (source) => {
      const tables = await source.extract(spans, recording.path('extracted'), { share: true });
      await store.ingestAndExcise(tables, { move: true });
    }),
  4,
);

const foreignCommit = commitScenario(
  'ingestion of foreign tables',
  prepareSource,
  (store, { spans }, recording) =>
    withSource(recording, async (source) => {
      const tables = await source.extract(spans, recording.path('foreign'));
      const foreign = tables.spans.map((given) => ({
        span: given.span,
        runs: given.runs.map((run) => run.map(({ path }) => path)),
      }));
      await store.ingestAndExcise(foreign);
    }),
);

const exciseCommit: CrashScenario = {
  name: 'excise, with a reader on the old generation',
  async record(recording) {
    const layout = layoutOf(recording);
    await prepareStore(recording.path('base'), layout.layers, layout.unflushed);
    const inside = { versions: [layout.inside.versions[0] ?? [], []] };
    const base = recording.target('base', [inside, layout.rest]);
    recording.begin();
    const store = await recording.openRecorded('base');
    const iterator = store.iterator(byteEncodings);
    await iterator.next();
    await recording.replacing(base, INSIDE, 1, () => store.excise(layout.spans));
    await iterator.close();
    await store.close();
  },
};

const abortedCommit: CrashScenario = {
  name: 'a commit that is aborted, then one that is not',
  async record(recording) {
    const { layout, base } = await prepareBase(recording, 0);
    recording.begin();
    const store = await recording.openRecorded('base');
    const controller = new AbortController();
    const failing = async function* () {
      yield* pagesOf(layout.incoming);
      controller.abort();
    };
    await store
      .replaceSpans(layout.spans, failing(), { signal: controller.signal })
      .catch(() => undefined);
    await recording.replacing(base, INSIDE, 1, () =>
      store.replaceSpans(layout.spans, pagesOf(layout.incoming)),
    );
    await store.close();
  },
};

const severalCommits: CrashScenario = {
  name: 'three commits, a compaction and a reopen',
  async record(recording) {
    const layout = layoutOf(recording);
    await prepareStore(recording.path('base'), layout.layers, layout.unflushed);
    const third = layout.incoming.map(([key]) => [key, 'third'] as const);
    const versions = [...layout.inside.versions, [], third];
    const base = recording.target('base', [{ versions }, layout.rest, ...writeRegions(2)]);
    recording.begin();
    let store = await recording.openRecorded('base');
    const replace = (version: number) =>
      recording.replacing(base, INSIDE, version, () =>
        store.replaceSpans(layout.spans, pagesOf(versions[version] ?? [])),
      );
    await replace(1);
    await store.compactRange(latin1('a'), latin1('z'));
    await writeRegionsTo(recording, store, base, recording.targets[base]?.regions ?? [], [2, 3]);
    await replace(2);
    await store.close();
    store = await recording.openRecorded('base');
    await writeRegionsTo(recording, store, base, recording.targets[base]?.regions ?? [], [3, 4]);
    await replace(3);
    await store.close();
  },
};

const checkpointScenario: CrashScenario = {
  name: 'checkpoint',
  async record(recording) {
    const { layout } = await prepareBase(recording, 0);
    const held: Region = {
      versions: [[...(layout.inside.versions[0] ?? []), ...(layout.rest.versions[0] ?? [])]],
    };
    const copy = recording.target('copies/copy', [held], 'copied');
    mkdirSync(recording.path('copies'));
    if (recording.random() < 0.5) mkdirSync(recording.path('copies/copy'));
    recording.begin();
    const store = await recording.openRecorded('base');
    await store.checkpoint(recording.path('copies/copy'));
    recording.made(copy);
    await store.close();
  },
};

const adoptScenario: CrashScenario = {
  name: 'adopt',
  async record(recording) {
    const layout = layoutOf(recording);
    // A generation of a store is a plain LevelDB database.
    await prepareStore(recording.path('made'), layout.layers, layout.unflushed);
    cpSync(recording.path('made/gen-000001'), recording.path('level'), {
      recursive: true,
      filter: (path) => !path.endsWith('/LOCK'),
    });
    const held = [...new Map([...layout.layers, layout.unflushed].flat())];
    const store = recording.target('store', [{ versions: [held] }], 'copied');
    recording.begin();
    const { fileSystem } = recording.recorder;
    await adopt(recording.path('level'), recording.path('store'), { fileSystem });
    recording.made(store);
    const opened = await recording.openRecorded('store');
    await opened.close();
  },
};

const creation: CrashScenario = {
  name: 'a store is created and written to',
  async record(recording) {
    await prepareStore(recording.path('other'), []);
    const regions = writeRegions(3);
    const deep = recording.random() < 0.5;
    const path = deep ? 'some/directory/store' : 'store';
    const target = recording.target(path, regions, 'opened');
    recording.begin();
    const store = await recording.openRecorded(path);
    recording.made(target);
    await writeRegionsTo(recording, store, target, regions, [0, regions.length]);
    await store.close();
  },
};

const recovery: CrashScenario = {
  name: 'an open removes the leftovers of a crash, and writes continue',
  async record(recording) {
    const { regions, base } = await prepareBase(recording, 2);
    const path = recording.path('base');
    cpSync(`${path}/gen-000001`, `${path}/gen-000007`, { recursive: true });
    mkdirSync(`${path}/staging/3`, { recursive: true });
    writeFileSync(`${path}/staging/3/built-0.table`, 'half a table');
    writeFileSync(`${path}/CURRENT.tmp`, 'gen-000007\n');
    mkdirSync(`${path}/readers/99999999-1`, { recursive: true });
    writeFileSync(`${path}/readers/99999999-1/000001.ldb`, 'half a copy');
    recording.begin();
    const store = await recording.openRecorded('base');
    await writeRegionsTo(recording, store, base, regions, [FIRST_WRITE, regions.length]);
    await store.close();
  },
};

export const crashScenarios: readonly CrashScenario[] = [
  replaceSpans,
  replaceWithWrites,
  linkCommit,
  moveCommit,
  foreignCommit,
  exciseCommit,
  abortedCommit,
  severalCommits,
  checkpointScenario,
  adoptScenario,
  creation,
  recovery,
];
