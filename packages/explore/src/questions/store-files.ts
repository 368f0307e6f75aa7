// Answers what is on disk: the tables of each level, and the generations. It reads the store itself, because LevelDB
// may compact the private copy of a view.
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { compareBytes } from '@sstitch/contract';
import { readManifest, type Version } from '@sstitch/engine';
import { parseKey, syncSpans } from '@sstitch/keys';
import { userKeyOf } from '@sstitch/sst';
import { ExploreError } from '../errors.js';
import type { FilesShape, GenerationShape, LevelsShape, TableShape } from '../shapes.js';
import type { StoreView } from '../view/store-view.js';
import { currentGeneration } from '../view/view-source.js';
import { type AnyList, listOfAll, type Question } from './question.js';

/** The most tables in a picture. */
const MAX_PICTURED = 3000;
/** The most syncs that are named for a table. */
const MAX_SYNCS_A_TABLE = 12;
const MAX_KEY_CHARACTERS = 80;
/** A round is repeated only if a commit happened between reading CURRENT and the MANIFEST. */
const MAX_ROUNDS = 10;
const GENERATION_COLUMNS = [
  ...['generation', 'is_current', 'made_at', 'committed_at', 'tables', 'bytes'],
  ...['files_added', 'bytes_added', 'files_removed', 'bytes_removed'],
];
const GENERATION_PREFIX = 'gen-';
const GENERATION = /^gen-\d+$/;
const TABLE = /\.(ldb|sst)$/;

/** Describes the LSM tree. */
export async function drawLevels({ view, signal }: Question): Promise<LevelsShape> {
  const { generation, tables } = await readTables(view, signal);
  const largest = tables.toSorted((a, b) => b.bytes - a.bytes).slice(0, MAX_PICTURED);
  const pictured = new Set(largest);
  const levels = [...new Set(tables.map(({ level }) => level))].map((level) => {
    const all = tables.filter((table) => table.level === level);
    const bytes = all.reduce((sum, table) => sum + table.bytes, 0);
    return { level, bytes, tables: all.filter((table) => pictured.has(table)) };
  });
  const files = await filesOf(join(directoryOf(view), generation));
  const logs = files.filter(({ name }) => name.endsWith('.log'));
  return {
    generation,
    levels,
    omitted: tables.length - pictured.size,
    logBytes: logs.reduce((sum, { bytes }) => sum + bytes, 0),
  };
}

/** Lists all tables. */
export async function listTables({ view, signal }: Question): Promise<AnyList> {
  const { tables } = await readTables(view, signal);
  const row = ({ level, number, bytes, first, last, syncIds }: TableShape) => [
    ...[String(level), String(number), String(bytes), first, last, syncIds.join(' ')],
  ];
  return listOfAll({ columns: ['level', 'table', 'bytes', 'first', 'last', 'syncs'], row }, tables);
}

/** Lists the generations on disk: the current one, and past ones that readers keep. */
export async function listGenerations({ view }: Question): Promise<AnyList> {
  const location = directoryOf(view);
  const current = await currentGeneration(location);
  const committed = await stat(join(location, 'CURRENT'));
  const names = (await readdir(location))
    .filter((name) => GENERATION.test(name))
    .sort((a, b) => numberOf(b) - numberOf(a));
  const generations: GenerationShape[] = [];
  /** The table files of each of them: sizes by inode. */
  const files: TableFiles[] = [];
  for (const name of names) {
    const directory = join(location, name);
    const made = await stat(directory).catch(() => undefined);
    // It was removed after it was listed.
    if (made === undefined) continue;
    const tables = (await filesOf(directory)).filter((file) => TABLE.test(file.name));
    const sizes = new Map(tables.map(({ inode, bytes }) => [inode, bytes]));
    generations.push({
      name,
      isCurrent: name === current,
      madeAt: made.birthtime.toISOString(),
      committedAt: name === current ? committed.mtime.toISOString() : null,
      tables: tables.length,
      bytes: [...sizes.values()].reduce((sum, bytes) => sum + bytes, 0),
      changes: null,
    });
    files.push(sizes);
  }
  const changed = generations.map((generation, at): GenerationShape => {
    const [own, before] = [files[at], files[at + 1]];
    if (own === undefined || before === undefined) return generation;
    return {
      ...generation,
      changes: { added: filesOutside(own, before), removed: filesOutside(before, own) },
    };
  });
  return listOfAll({ columns: GENERATION_COLUMNS, row: generationRow }, changed);
}

/** The number of a generation. Names have six digits or more. */
function numberOf(name: string): number {
  return Number(name.slice(GENERATION_PREFIX.length));
}

function generationRow(generation: GenerationShape): readonly string[] {
  const { name, isCurrent, madeAt, committedAt, tables, bytes, changes } = generation;
  const { added, removed } = changes ?? {};
  return [
    ...[name, String(isCurrent), madeAt, committedAt ?? '', String(tables), String(bytes)],
    ...[added?.files, added?.bytes, removed?.files, removed?.bytes].map((count) =>
      String(count ?? ''),
    ),
  ];
}

/** Counts the files of one generation that another one does not link. */
function filesOutside(files: TableFiles, others: TableFiles): FilesShape {
  const outside = [...files].filter(([inode]) => !others.has(inode));
  return { files: outside.length, bytes: outside.reduce((sum, [, bytes]) => sum + bytes, 0) };
}

/** @throws {@link ExploreError} SSTITCH_NOT_FOUND if the store has no files */
function directoryOf({ source, generation }: StoreView): string {
  if (generation !== undefined) return source.location;
  throw new ExploreError('SSTITCH_NOT_FOUND', 'a store on a cluster has no files on this machine');
}

async function readTables(
  view: StoreView,
  signal: AbortSignal,
): Promise<{ readonly generation: string; readonly tables: readonly TableShape[] }> {
  const ranges = await syncRanges(view, signal);
  const { generation, version } = await readVersion(directoryOf(view));
  const tables = version.levels.flatMap((level, number) =>
    level.map((table): TableShape => {
      const [smallest, largest] = [userKeyOf(table.smallest), userKeyOf(table.largest)];
      return {
        level: number,
        number: table.number,
        bytes: table.sizeBytes,
        syncIds: syncsBetween(ranges, smallest, largest),
        first: keyText(smallest),
        last: keyText(largest),
      };
    }),
  );
  return { generation, tables };
}

async function readVersion(location: string): Promise<{ generation: string; version: Version }> {
  for (let round = 1; ; round++) {
    const generation = await currentGeneration(location);
    try {
      return { generation, version: readManifest(join(location, generation)).version };
    } catch (error) {
      const isStill = (await currentGeneration(location)) === generation;
      if (isStill || round === MAX_ROUNDS) throw error;
    }
  }
}

/** The sizes of table files by inode. */
type TableFiles = ReadonlyMap<number, number>;

interface SyncRange {
  readonly syncId: string;
  readonly start: Uint8Array;
  readonly end: Uint8Array | undefined;
}

/** Returns the key ranges of all syncs, in key order. */
async function syncRanges(view: StoreView, signal: AbortSignal): Promise<readonly SyncRange[]> {
  const ranges: SyncRange[] = [];
  for await (const { syncId } of view.records.listSyncRuns({ snapshot: view.snapshot, signal })) {
    for (const { span } of syncSpans(syncId)) ranges.push({ syncId, ...span });
  }
  return ranges.sort((a, b) => compareBytes(a.start, b.start));
}

function syncsBetween(
  ranges: readonly SyncRange[],
  smallest: Uint8Array,
  largest: Uint8Array,
): readonly string[] {
  // Ranges are disjoint, so their ends are in order too.
  let [low, high] = [0, ranges.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const end = ranges[middle]?.end;
    if (end !== undefined && compareBytes(end, smallest) <= 0) low = middle + 1;
    else high = middle;
  }
  const found = new Set<string>();
  for (let at = low; at < ranges.length && found.size < MAX_SYNCS_A_TABLE; at++) {
    const range = ranges[at];
    if (range === undefined || compareBytes(range.start, largest) > 0) break;
    found.add(range.syncId);
  }
  return [...found];
}

/** Describes a key by its bucket and its elements. */
function keyText(key: Uint8Array): string {
  let text = Buffer.from(key).toString('hex');
  try {
    const { bucket, elements } = parseKey(key);
    text = [bucket, ...elements].join(' ');
  } catch {
    // Not a key of a sync: an adopted database may hold any key.
  }
  return text.length > MAX_KEY_CHARACTERS ? `${text.slice(0, MAX_KEY_CHARACTERS)}…` : text;
}

interface FileFacts {
  readonly name: string;
  readonly bytes: number;
  readonly inode: number;
}

async function filesOf(directory: string): Promise<readonly FileFacts[]> {
  const facts: FileFacts[] = [];
  for (const name of await readdir(directory).catch(() => [])) {
    const found = await stat(join(directory, name)).catch(() => undefined);
    if (found?.isFile()) facts.push({ name, bytes: found.size, inode: found.ino });
  }
  return facts;
}
