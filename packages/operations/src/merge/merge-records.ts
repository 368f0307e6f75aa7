// Merges one bucket of several syncs by a k-way merge of their keys. The record of a key that was discovered last wins;
// of equal times, that of the later source. A record of a partial-deletions sync is a deletion at its time. If a
// deletion wins, the merged sync has no record of the key.
import type { Timestamp } from '@bufbuild/protobuf/wkt';
import { compareBytes } from '@sstitch/contract';
import { bucketLayout, bucketSpan, SYNC_ID_LENGTH_BYTES } from '@sstitch/keys';
import { type CountedBucket, decodeRecord } from '@sstitch/records';
import { EntryCursor } from '../entries/entry-cursor.js';
import type { Entry, ReadView } from '../entries/entry-pages.js';
import { compareTimes, discoveredAt } from './discovery.js';

/** A sync to merge. */
export interface MergeSource {
  readonly view: ReadView;
  readonly syncId: string;
  /** Whether its records are deletions. */
  readonly isDeletions: boolean;
  /** The time of deletions that have none of their own. */
  readonly endedAt: Timestamp | undefined;
}

/** The numbers of a source's records by what became of them. */
export interface SourceCounts {
  /** The source, in text form. */
  readonly syncId: string;
  /** Records in the merged sync. */
  taken: number;
  /** Records replaced by a later one of another source. */
  overridden: number;
  /** Records removed by a deletion of another source. */
  deleted: number;
}

/** A record of the merged sync. */
export interface Winner {
  /** The index of its source. */
  readonly source: number;
  readonly entry: Entry;
}

/** Some records of the merged sync. */
export interface MergedPage {
  readonly winners: readonly Winner[];
  /** The number of records, of all sources, that were read for this page. */
  readonly read: number;
}

/** A page ends with this many winners … */
const PAGE_WINNERS = 256;
/** … or with values of this many bytes. */
const PAGE_BYTES = 262_144;

/** Reads one bucket of the merged sync in key order, in pages. `counts` has one element per source. */
export async function* mergeBucket(
  bucket: CountedBucket,
  sources: readonly MergeSource[],
  counts: readonly SourceCounts[],
): AsyncGenerator<MergedPage, void, undefined> {
  const cursors = sources.map(
    ({ view, syncId }) => new EntryCursor(view, [bucketSpan(bucket, syncId)]),
  );
  const elementsAt = bucketLayout(bucket).prefix.length + SYNC_ID_LENGTH_BYTES;
  let winners: Winner[] = [];
  let bytes = 0;
  let read = 0;
  try {
    for (;;) {
      if (cursors.some((cursor) => cursor.needsPage)) {
        await Promise.all(cursors.map((cursor) => cursor.fill()));
      }
      const contenders = takeLeast(cursors, elementsAt);
      if (contenders.length === 0) break;
      const winner = winnerOf(bucket, sources, contenders);
      count(sources, counts, contenders, winner);
      read += contenders.length;
      if (sources[winner.source]?.isDeletions === true) continue;
      winners.push(winner);
      bytes += winner.entry[1].length;
      if (winners.length < PAGE_WINNERS && bytes < PAGE_BYTES) continue;
      yield { winners, read };
      winners = [];
      bytes = 0;
      read = 0;
    }
    if (read > 0) yield { winners, read };
  } finally {
    await Promise.all(cursors.map((cursor) => cursor.close()));
  }
}

/** Returns the entries of the least key, and advances their cursors. Empty at the end. */
function takeLeast(cursors: readonly EntryCursor[], elementsAt: number): Winner[] {
  let least: Winner[] = [];
  for (const [source, { entry }] of cursors.entries()) {
    if (entry === undefined) continue;
    const [first] = least;
    const order =
      first === undefined
        ? -1
        : compareBytes(entry[0].subarray(elementsAt), first.entry[0].subarray(elementsAt));
    if (order < 0) least = [{ source, entry }];
    else if (order === 0) least.push({ source, entry });
  }
  for (const { source } of least) cursors[source]?.advance();
  return least;
}

/** @param contenders in the order of their sources, at least one */
function winnerOf(
  bucket: CountedBucket,
  sources: readonly MergeSource[],
  contenders: readonly Winner[],
): Winner {
  let [winner] = contenders as readonly [Winner];
  if (contenders.length === 1) return winner;
  let time = timeOf(bucket, sources[winner.source], winner.entry);
  for (const contender of contenders.slice(1)) {
    const at = timeOf(bucket, sources[contender.source], contender.entry);
    if (compareTimes(at, time) < 0) continue;
    winner = contender;
    time = at;
  }
  return winner;
}

function timeOf(
  bucket: CountedBucket,
  source: MergeSource | undefined,
  [key, value]: Entry,
): Timestamp | undefined {
  const at = discoveredAt(decodeRecord(bucket, key, value));
  return at === undefined && source?.isDeletions === true ? source.endedAt : at;
}

function count(
  sources: readonly MergeSource[],
  counts: readonly SourceCounts[],
  contenders: readonly Winner[],
  winner: Winner,
): void {
  const isDeleted = sources[winner.source]?.isDeletions === true;
  for (const { source } of contenders) {
    const of = counts[source];
    if (of === undefined) continue;
    if (source === winner.source) {
      if (!isDeleted) of.taken += 1;
    } else if (sources[source]?.isDeletions !== true) {
      if (isDeleted) of.deleted += 1;
      else of.overridden += 1;
    }
  }
}
