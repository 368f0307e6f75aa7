import type { CommandContext, CommandResult, Run } from '../../command-line/command-context.js';
import { LAST_KEY } from '../../operations/scan-progress.js';
import { patienceOf } from '../../operations/wait-for-store.js';
import { formatBytes, formatCountOf, formatMs, roundMs } from '../../output/quantities.js';
import { formatTable } from '../../output/table.js';
import { withLocalStore } from '../../stores/open-store.js';
import type { spaceCommand } from './command.js';
import { measureSpace, type StoreSpace } from './measure-space.js';

export const run: Run<typeof spaceCommand> = (context, { store, exact, reclaim, wait }) =>
  reclaim ? reclaimSpace(context, store, exact, wait) : showSpace(context, store, exact);

async function showSpace(
  context: CommandContext,
  store: string,
  exact: boolean,
): Promise<CommandResult> {
  const space = await measure(context, store, exact);
  return { document: space, text: spaceText(context, space, exact) };
}

async function reclaimSpace(
  context: CommandContext,
  location: string,
  exact: boolean,
  waitSeconds: number,
): Promise<CommandResult> {
  const before = await measure(context, location, false);
  const started = performance.now();
  await withLocalStore(
    location,
    'refuse',
    async (store) => {
      context.signal.throwIfAborted();
      context.progress.update({ doing: 'compacting' });
      await store.compactRange(new Uint8Array(1), LAST_KEY);
    },
    patienceOf(context, waitSeconds),
  );
  const durationMs = roundMs(performance.now() - started);
  const after = await measure(context, location, exact);
  const freedBytes = before.fileBytes + before.logBytes - after.fileBytes - after.logBytes;
  const freed =
    freedBytes < 0
      ? `${formatBytes(-freedBytes)} more than before`
      : `${formatBytes(freedBytes)} freed`;
  return {
    document: { before, after, freedBytes, durationMs },
    summary:
      spaceText(context, after, exact) +
      `${context.style.good('done')}: ${freed} in ${formatMs(durationMs)}\n`,
  };
}

function measure(
  { progress, signal }: CommandContext,
  store: string,
  exact: boolean,
): Promise<StoreSpace> {
  return measureSpace(store, { exact, signal, progress });
}

function spaceText(
  { columns, style }: CommandContext,
  { tables, fileBytes, dataBytes, upperBytes, logBytes, syncs }: StoreSpace,
  exact: boolean,
): string {
  const table = formatTable(
    [
      { title: 'SYNC' },
      { title: 'IN TABLES', align: 'right' },
      ...(exact
        ? ([
            { title: 'LIVE', align: 'right' },
            { title: 'GARBAGE', align: 'right' },
          ] as const)
        : []),
    ],
    syncs.map(({ syncId, tableBytes, garbageBytes = 0 }) => [
      syncId,
      formatBytes(tableBytes),
      ...(exact ? [formatBytes(tableBytes - garbageBytes), formatBytes(garbageBytes)] : []),
    ]),
    style.bold,
    columns,
  );
  return (
    (syncs.length === 0 ? 'no syncs\n' : table) +
    `${formatBytes(fileBytes)} in the files of ${formatCountOf(tables, 'table')}: ` +
    `${formatBytes(dataBytes)} of data, ${formatBytes(upperBytes)} of it above the lowest level\n` +
    `${formatBytes(logBytes)} in logs\n`
  );
}
