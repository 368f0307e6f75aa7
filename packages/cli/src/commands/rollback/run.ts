import {
  listReplacedVersions,
  type ReplacedVersion,
  replacedVersionId,
  rollbackSync,
} from '@sstitch/operations';
import { dateOf } from '@sstitch/records';
import type { CommandContext, CommandResult, Run } from '../../command-line/command-context.js';
import type { InputOf } from '../../command-line/command-spec.js';
import { aboutKeys } from '../../operations/sync-counts.js';
import { patienceOf } from '../../operations/wait-for-store.js';
import { formatCountOf, formatMs, roundMs } from '../../output/quantities.js';
import { formatTable } from '../../output/table.js';
import { syncIdsOf } from '../../stores/find-syncs.js';
import { type ByteReader, type ByteStore, withReader, withStore } from '../../stores/open-store.js';
import { spansOf } from '../../stores/sync-spans.js';
import type { rollbackCommand } from './command.js';

type Input = InputOf<typeof rollbackCommand>;

export const run: Run<typeof rollbackCommand> = (context, input) =>
  input.list
    ? withReader(input.store, (reader) => listVersions(context, input, reader), {
        signal: context.signal,
      })
    : withStore(
        input.store,
        'refuse',
        (store) => rollBack(context, input, store),
        patienceOf(context, input.wait),
      );

async function rollBack(
  { progress, signal, style }: CommandContext,
  { store, sync, side: reference }: Input,
  engine: ByteStore,
): Promise<CommandResult> {
  const started = performance.now();
  const [syncId = ''] = await syncIdsOf(engine, store, [sync], signal);
  const [sideId] =
    reference === undefined ? [] : await syncIdsOf(engine, store, [reference], signal);
  const versions = await listReplacedVersions({ engine, syncId, signal });
  await engine.verifySpans(spansOf([syncId, ...versions.map((each) => each.sideId)]), { signal });
  const total = await aboutKeys(
    [syncId, sideId ?? replacedVersionId(syncId)].map((each) => ({ engine, syncId: each })),
  );
  const { version, entries, isKept, pauseMs } = await rollbackSync({
    ...{ engine, syncId, sideId, signal },
    onProgress: ({ keys }) =>
      progress.update({ doing: 'rolling back', done: keys, total, unit: 'keys' }),
  });
  const durationMs = roundMs(performance.now() - started);
  return {
    document: {
      ...{ syncId, ...versionDocument(version) },
      ...{ durationMs, pauseMs: roundMs(pauseMs) },
    },
    summary:
      `${style.good('done')}: sync ${syncId} is again as it was until ${timeText(version.keptAt)}; ` +
      `${formatCountOf(entries, 'key')} in ${formatMs(durationMs)}. ` +
      (isKept
        ? `Its previous version is kept as ${version.sideId}: the same command restores it\n`
        : 'The store held nothing of it, so no version is kept\n'),
  };
}

async function listVersions(
  { columns, signal, style }: CommandContext,
  { store, sync }: Input,
  engine: ByteReader,
): Promise<CommandResult> {
  const [syncId = ''] = await syncIdsOf(engine, store, [sync], signal);
  const versions = await listReplacedVersions({ engine, syncId, signal });
  const table = formatTable(
    [{ title: 'KEPT AS' }, { title: 'REPLACED (UTC)' }, { title: 'ENDED (UTC)' }],
    versions.map(({ sideId, keptAt, run }) => [
      sideId,
      timeText(keptAt),
      run?.endedAt === undefined ? '-' : timeText(dateOf(run.endedAt)),
    ]),
    style.bold,
    columns,
  );
  return {
    document: { syncId, versions: versions.map(versionDocument) },
    text: versions.length === 0 ? `no replaced version of sync ${syncId} is kept\n` : table,
  };
}

function versionDocument({ sideId, keptAt, run }: ReplacedVersion) {
  return {
    side: sideId,
    replacedAt: keptAt.toISOString(),
    endedAt: run?.endedAt === undefined ? null : dateOf(run.endedAt).toISOString(),
  };
}

/** `2026-01-31 12:34:56`. */
function timeText(time: Date): string {
  return time.toISOString().slice(0, 19).replace('T', ' ');
}
