import type { SyncShape } from '../../shapes.js';
import { type Column, ListTable } from '../components/list-table.js';
import { link, type Route } from '../route.js';
import { bytesText, countText, durationText, shortId, timeText } from '../words.js';

/** Shows the syncs of the store, newest first. */
export function SyncsView({
  route,
  syncs,
}: {
  readonly route: Route;
  readonly syncs: readonly SyncShape[];
}) {
  const columns: readonly Column<SyncShape>[] = [
    {
      title: 'Sync',
      cell: ({ syncId }) => (
        <a class="mono" href={link(['sync', syncId])} data-row="">
          {syncId}
        </a>
      ),
    },
    {
      title: 'Type',
      cell: ({ type, versionOf }) =>
        versionOf === null ? type.replaceAll('_', ' ') : `version of ${shortId(versionOf)}`,
    },
    { title: 'Started (UTC)', cell: ({ startedAt }) => <Time time={startedAt} /> },
    {
      title: 'Took',
      isNumber: true,
      cell: ({ startedAt, endedAt }) =>
        endedAt === null ? 'unfinished' : durationText(startedAt, endedAt),
    },
    { title: 'Resources', isNumber: true, cell: ({ counts }) => countText(counts?.resources) },
    {
      title: 'Entitlements',
      isNumber: true,
      cell: ({ counts }) => countText(counts?.entitlements),
    },
    { title: 'Grants', isNumber: true, cell: ({ counts }) => countText(counts?.grants) },
    {
      title: 'Size',
      isNumber: true,
      cell: ({ bytes }) => (bytes === null ? '–' : bytesText(bytes)),
    },
    {
      title: 'Changes',
      cell: (sync) => {
        const before = olderThan(sync, syncs);
        return before === undefined ? (
          '–'
        ) : (
          <a href={link(['compare', before.syncId, sync.syncId])}>
            since {timeText(before.startedAt)}
          </a>
        );
      },
    },
  ];
  return (
    <>
      <h1 class="unseen">Syncs of the store</h1>
      <ListTable
        {...{ route, columns }}
        list="syncs"
        parameters={{}}
        caption="Syncs"
        empty="The store holds no sync."
        isUnderTab
      />
    </>
  );
}

/** Finds the previous sync of the same type; none for a sync that is not among the newest ones, which `syncs` holds. */
function olderThan(sync: SyncShape, syncs: readonly SyncShape[]): SyncShape | undefined {
  const at = syncs.findIndex(({ syncId }) => syncId === sync.syncId);
  if (at < 0) return undefined;
  return syncs.slice(at + 1).find(({ type }) => type === sync.type);
}

/** Shows a time. */
export function Time({ time }: { readonly time: string | null }) {
  return time === null ? <>–</> : <time datetime={time}>{timeText(time)}</time>;
}
