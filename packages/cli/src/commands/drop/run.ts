import type { CommandContext, CommandResult, Run } from '../../command-line/command-context.js';
import type { InputOf } from '../../command-line/command-spec.js';
import { isClusterName } from '../../command-line/store-name.js';
import { excisionDocument } from '../../operations/compaction-document.js';
import { requireConsent } from '../../operations/consent.js';
import { patienceOf } from '../../operations/wait-for-store.js';
import { formatCountOf, formatMs } from '../../output/quantities.js';
import { generationText } from '../../reports/generation-text.js';
import { purgeNote } from '../../reports/purge-note.js';
import { requireSyncs, syncIdsOf } from '../../stores/find-syncs.js';
import { type ByteStore, withStore } from '../../stores/open-store.js';
import { spansOf } from '../../stores/sync-spans.js';
import type { dropCommand } from './command.js';

type Input = InputOf<typeof dropCommand>;

export const run: Run<typeof dropCommand> = (context, input) =>
  withStore(
    input.store,
    'refuse',
    (store) => dropSyncs(context, input, store),
    patienceOf(context, input.wait),
  );

async function dropSyncs(
  context: CommandContext,
  { store: location, sync, yes, purge }: Input,
  store: ByteStore,
): Promise<CommandResult> {
  const { signal, style } = context;
  const syncIds = await syncIdsOf(store, location, sync, signal);
  await requireSyncs(store, location, syncIds, signal);
  if (!yes) {
    const what = syncIds.length === 1 ? `sync ${syncIds[0]}` : `${syncIds.length} syncs`;
    await requireConsent(context, `Remove ${what} from ${location}?`);
  }
  const started = performance.now();
  // On a cluster, a collection deletes the runs.
  const options = { signal, purge: purge && !isClusterName(location) };
  const report = await store.excise(spansOf(syncIds), options);
  const document = excisionDocument(syncIds, report, performance.now() - started);
  return {
    document: report.purge === undefined ? document : { ...document, purge: report.purge },
    text: purgeNote(report.purge),
    summary:
      `${style.good('done')}: ${formatCountOf(syncIds.length, 'sync')} removed in ` +
      `${formatMs(document.durationMs)}, writers paused ${formatMs(document.pauseMs)}` +
      `${generationText(report.generation)}\n`,
  };
}
