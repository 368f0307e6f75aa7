import { compareBytes, equalBytes } from '@sstitch/contract';
import { type Bucket, syncSpans } from '@sstitch/keys';
import { syncsOption } from '../arguments.js';
import type { CommandContext, CommandRegistry, CommandResult } from '../command-context.js';
import { spansOf } from '../compaction-report.js';
import { CliError } from '../errors.js';
import { type ByteReader, withReader } from '../open-store.js';
import { formatCount } from '../output/quantities.js';
import { formatTable } from '../output/table.js';
import { scanSpan } from '../scan-span.js';

type Entry = readonly [key: Uint8Array, value: Uint8Array];

/** What changes from A to B. */
export interface Difference {
  added: number;
  removed: number;
  changed: number;
}

export interface BucketDifference extends Readonly<Difference> {
  readonly bucket: Bucket;
  readonly unchanged: number;
}

export function addDiffCommand(registry: CommandRegistry): void {
  registry
    .define({
      usage: 'diff <a> <b>',
      summary: 'what compacting B into A would change',
      description:
        'Compares a sync in two stores, entry by entry: what B has more, what it lacks, and where the ' +
        'values differ. That is what `compact --base A --from B` would change in A. With --json one ' +
        'sync gives an object, several an array of them, in the order given.',
      examples: [['diff base fresh --sync 36zfOAoWMxQdISbixanQCRBiX7E', 'counts by bucket']],
    })
    .addOption(syncsOption('the syncs').makeOptionMandatory())
    .action(
      registry.handle((context, a: string, b: string, { sync }: { sync: readonly string[] }) => {
        const checked = { verifySpans: spansOf(sync), signal: context.signal };
        return withReader(
          a,
          (before) => withReader(b, (after) => diffSyncs(context, before, after, sync), checked),
          checked,
        );
      }),
    );
}

async function diffSyncs(
  context: CommandContext,
  before: ByteReader,
  after: ByteReader,
  syncIds: readonly string[],
): Promise<CommandResult> {
  const differences: SyncDifference[] = [];
  for (const syncId of syncIds) {
    differences.push(await diffSync(context, before, after, syncId));
  }
  const several = differences.length > 1;
  return {
    document: several ? differences : differences[0],
    text: differences
      .map((each) => (several ? `sync ${each.syncId}\n` : '') + differenceText(context, each))
      .join('\n'),
  };
}

interface SyncDifference extends Readonly<Difference> {
  readonly syncId: string;
  readonly buckets: readonly BucketDifference[];
}

async function diffSync(
  { progress, signal }: CommandContext,
  before: ByteReader,
  after: ByteReader,
  syncId: string,
): Promise<SyncDifference> {
  const buckets = await diffBuckets(before, after, syncId, signal, (bucket) =>
    progress.update(() => `comparing ${bucket}`),
  );
  const sum = (count: (line: BucketDifference) => number) =>
    buckets.reduce((total, line) => total + count(line), 0);
  const added = sum((line) => line.added);
  const removed = sum((line) => line.removed);
  const changed = sum((line) => line.changed);
  if (added + removed + changed + sum((line) => line.unchanged) === 0) {
    throw new CliError('SSTITCH_SYNC_NOT_FOUND', `neither store holds sync ${syncId}`);
  }
  return { syncId, added, removed, changed, buckets };
}

function differenceText(
  { columns, style }: CommandContext,
  { added, removed, changed, buckets }: SyncDifference,
): string {
  const table = differenceTable(buckets, style.bold, columns);
  return `${table}${formatCount(added)} added, ${formatCount(removed)} removed, ${formatCount(changed)} changed\n`;
}

/** The difference of a sync in two stores, for each of its 13 buckets. */
export async function diffBuckets(
  before: ByteReader,
  after: ByteReader,
  syncId: string,
  signal: AbortSignal,
  onBucket: (bucket: Bucket) => void = () => undefined,
): Promise<BucketDifference[]> {
  const buckets: BucketDifference[] = [];
  for (const { bucket, span } of syncSpans(syncId)) {
    onBucket(bucket);
    const difference = { added: 0, removed: 0, changed: 0, unchanged: 0 };
    const left = entriesOf(scanSpan(before, span, { signal }));
    const right = entriesOf(scanSpan(after, span, { signal }));
    let a = await left.next();
    let b = await right.next();
    while (!a.done || !b.done) {
      const order = a.done ? 1 : b.done ? -1 : compareBytes(a.value[0], b.value[0]);
      if (order < 0) difference.removed += 1;
      else if (order > 0) difference.added += 1;
      else if (!a.done && !b.done && equalBytes(a.value[1], b.value[1])) difference.unchanged += 1;
      else difference.changed += 1;
      if (order <= 0) a = await left.next();
      if (order >= 0) b = await right.next();
    }
    buckets.push({ bucket, ...difference });
  }
  return buckets;
}

/** The buckets of a difference as a table; those with no entries on either side are left out. */
export function differenceTable(
  buckets: readonly BucketDifference[],
  bold: (text: string) => string,
  columns: number,
): string {
  const shown = (count: number) => (count === 0 ? '-' : formatCount(count));
  return formatTable(
    [
      { title: 'BUCKET' },
      { title: 'ADDED', align: 'right' },
      { title: 'REMOVED', align: 'right' },
      { title: 'CHANGED', align: 'right' },
      { title: 'UNCHANGED', align: 'right' },
    ],
    buckets
      .filter(({ added, removed, changed, unchanged }) => added + removed + changed + unchanged > 0)
      .map(({ bucket, added, removed, changed, unchanged }) => [
        bucket,
        shown(added),
        shown(removed),
        shown(changed),
        shown(unchanged),
      ]),
    bold,
    columns,
  );
}

async function* entriesOf(
  pages: AsyncIterable<readonly Entry[]>,
): AsyncGenerator<Entry, void, undefined> {
  for await (const page of pages) yield* page;
}
