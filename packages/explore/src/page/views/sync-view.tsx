import type {
  GrantShape,
  ListedResourceShape,
  NamedEntitlement,
  SyncDetailShape,
} from '../../shapes.js';
import { useAnswer } from '../answers.js';
import { ListTable, Problem } from '../components/list-table.js';
import { EntitlementLink, Name, ResourceLink } from '../components/name.js';
import { Tabs, viewOf } from '../components/tabs.js';
import { linkWith, type Route } from '../route.js';
import { bytesText, countText, nameText, safeText } from '../words.js';
import { Time } from './syncs-view.js';

const VIEWS = [
  ['resources', 'Resources'],
  ['entitlements', 'Entitlements'],
  ['grants', 'Grants'],
] as const;

interface SyncViewProps {
  readonly route: Route;
  readonly syncId: string;
}

/** Shows the records of a sync. */
export function SyncView({ route, syncId }: SyncViewProps) {
  const { value: sync, problem } = useAnswer<SyncDetailShape>('sync', { sync: syncId });
  if (problem !== undefined) return <Problem text={problem} />;
  const view = viewOf(route, VIEWS);
  return (
    <>
      <header class="title">
        <h1 class="mono">{syncId}</h1>
        {sync === undefined ? <p class="facts" /> : <Facts sync={sync} />}
      </header>
      <Tabs {...{ route }} label="Records of the sync" views={VIEWS} />
      {view === 'resources' && <Resources {...{ route, syncId }} types={sync?.resourceTypes} />}
      {view === 'entitlements' && <Entitlements {...{ route, syncId }} parameters={{}} />}
      {view === 'grants' && <Grants {...{ route, syncId }} />}
    </>
  );
}

function Facts({ sync }: { readonly sync: SyncDetailShape }) {
  const { counts, startedAt, endedAt, bytes, type } = sync;
  return (
    <p class="facts">
      <span>{type.replaceAll('_', ' ')}</span>
      <span>
        <Time time={startedAt} /> UTC
      </span>
      {endedAt === null && <span>unfinished</span>}
      {counts !== null && (
        <>
          <span>{countText(counts.resources)} resources</span>
          <span>{countText(counts.entitlements)} entitlements</span>
          <span>{countText(counts.grants)} grants</span>
        </>
      )}
      {bytes !== null && <span>{bytesText(bytes)}</span>}
    </p>
  );
}

function Resources({
  route,
  syncId,
  types = [],
}: SyncViewProps & { readonly types: SyncDetailShape['resourceTypes'] | undefined }) {
  const type = route.query.get('type');
  return (
    <ListTable<ListedResourceShape>
      {...{ route }}
      list="resources"
      parameters={{ sync: syncId, type }}
      caption="Resources"
      isUnderTab
      empty="The sync holds no resource of this type."
      columns={[
        {
          title: 'Name',
          cell: (resource) => <ResourceLink {...{ syncId, resource }} isRow />,
        },
        { title: 'Type', cell: (resource) => <Name text={resource.type} /> },
        { title: 'Id', cell: (resource) => <Name text={resource.id} mono /> },
        {
          title: 'In',
          cell: ({ parent }) => parent && <ResourceLink {...{ syncId }} resource={parent} />,
        },
        { title: 'Status', cell: ({ status }) => status },
      ]}
    >
      <label class="choice">
        <span>Type</span>
        <select
          onChange={(event) => {
            // Not the value: that of a type may be empty.
            const chosen = types[event.currentTarget.selectedIndex - 1]?.id ?? null;
            location.hash = linkWith(route, { type: chosen, cursor: null });
          }}
        >
          <option selected={type === null}>all types</option>
          {types.map(({ id, name, resources }) => (
            <option key={id} value={id} selected={type === id}>
              {`${safeText(nameText(name, id))}${resources === null ? '' : ` (${countText(resources)})`}`}
            </option>
          ))}
        </select>
      </label>
    </ListTable>
  );
}

/** Shows the entitlements of a sync, or of one resource. */
export function Entitlements({
  route,
  syncId,
  parameters,
}: SyncViewProps & { readonly parameters: { readonly type?: string; readonly id?: string } }) {
  return (
    <ListTable<NamedEntitlement>
      {...{ route }}
      list="entitlements"
      parameters={{ sync: syncId, ...parameters }}
      caption="Entitlements"
      isUnderTab
      empty="There is no entitlement."
      columns={[
        {
          title: 'Entitlement',
          cell: (entitlement) => <EntitlementLink {...{ syncId, entitlement }} isRow />,
        },
        {
          title: 'On',
          cell: ({ resource }) => resource && <ResourceLink {...{ syncId, resource }} />,
        },
        { title: 'Type', cell: ({ resource }) => resource && <Name text={resource.type} /> },
        { title: 'Id', cell: ({ id }) => <Name text={id} mono /> },
      ]}
    />
  );
}

function Grants({ route, syncId }: SyncViewProps) {
  return (
    <ListTable<GrantShape>
      {...{ route }}
      list="grants"
      parameters={{ sync: syncId }}
      caption="Grants"
      isUnderTab
      empty="The sync holds no grant."
      columns={[
        {
          title: 'Principal',
          cell: ({ principal }) => <ResourceLink {...{ syncId }} resource={principal} isRow />,
        },
        { title: 'Type', cell: ({ principal }) => <Name text={principal.type} /> },
        {
          title: 'Has',
          cell: ({ entitlement }) => <EntitlementLink {...{ syncId, entitlement }} />,
        },
        {
          title: 'On',
          cell: ({ entitlement: { resource } }) =>
            resource && <ResourceLink {...{ syncId, resource }} />,
        },
        { title: 'Grant', cell: ({ id }) => <Name text={id} mono /> },
      ]}
    />
  );
}
