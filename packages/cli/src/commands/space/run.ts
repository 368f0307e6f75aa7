import type { CommandContext, CommandRegistry, CommandResult } from '../../command-line/command.js';
import { formatBytes, formatCountOf, formatMs, roundMs } from '../../output/quantities.js';
import { formatTable } from '../../output/table.js';
import { withStore } from '../../stores/open-store.js';
import { measureSpace, type StoreSpace } from './measure-space.js';

interface SpaceFlags {
  readonly exact?: boolean;
  readonly reclaim?: boolean;
}

/** Behind any key that a sync has, and any that a database is likely to. */
const LAST_KEY = new Uint8Array(64).fill(0xff);

export function addSpaceCommand(registry: CommandRegistry): void {
  registry
    .define({
      usage: 'space <store>',
      summary: 'what a store takes on disk, and what of it can be had back',
      description:
        'Shows what each sync takes in tables and, with --exact, which reads every entry, how much of ' +
        'it is live. The rest is garbage: old versions, and what deletes left. Batches leave it; a ' +
        "compaction by link takes a sync's out, and --reclaim that of all. --reclaim runs a full " +
        'compaction: it rewrites what lies in more than one level and needs as much room meanwhile.',
      examples: [
        ['space base --exact', 'what is garbage'],
        ['space base --reclaim', 'take it out'],
      ],
    })
    .option('--exact', 'read every entry, and tell live from garbage')
    .option('--reclaim', 'compact the whole store, and show what that freed')
    .action(
      registry.handle((context, store: string, { exact = false, reclaim = false }: SpaceFlags) =>
        reclaim ? reclaimSpace(context, store, exact) : showSpace(context, store, exact),
      ),
    );
}

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
): Promise<CommandResult> {
  const before = await measure(context, location, false);
  const started = performance.now();
  await withStore(location, 'refuse', async (store) => {
    context.signal.throwIfAborted();
    context.progress.update(() => 'compacting');
    await store.compactRange(new Uint8Array(1), LAST_KEY);
  });
  const durationMs = roundMs(performance.now() - started);
  const after = await measure(context, location, exact);
  const freedBytes = before.fileBytes + before.logBytes - after.fileBytes - after.logBytes;
  return {
    document: { before, after, freedBytes, durationMs },
    text:
      spaceText(context, after, exact) +
      `${context.style.good('done')}: ${freedBytes < 0 ? `${formatBytes(-freedBytes)} more than before` : `${formatBytes(freedBytes)} freed`} in ${formatMs(durationMs)}\n`,
  };
}

function measure(
  { progress, signal }: CommandContext,
  store: string,
  exact: boolean,
): Promise<StoreSpace> {
  return measureSpace(store, { exact, signal, onProgress: (text) => progress.update(text) });
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
