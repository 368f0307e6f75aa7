// Tables of who has what: of a principal, and of an entitlement or a resource.
import type { AccessShape } from '../../shapes.js';
import { type Column, ListTable } from '../components/list-table.js';
import { EntitlementLink, Name, ResourceLink } from '../components/name.js';
import { link, type Route } from '../route.js';
import { nameText } from '../words.js';

/** The most sources that a row names. */
const MAX_SOURCES = 3;

interface AccessTableProps {
  readonly route: Route;
  readonly syncId: string;
}

/** Shows what a principal has. */
export function AccessTable(
  props: AccessTableProps & { readonly type: string; readonly id: string },
) {
  const { route, syncId, type, id } = props;
  return (
    <ListTable<AccessShape>
      {...{ route }}
      list="access"
      parameters={{ sync: syncId, type, id }}
      caption="Has access to"
      isUnderTab
      empty="Nothing: no grant names it."
      columns={[
        {
          title: 'Entitlement',
          cell: ({ entitlement }) => <EntitlementLink {...{ syncId, entitlement }} isRow />,
        },
        {
          title: 'On',
          cell: ({ entitlement: { resource } }) =>
            resource && <ResourceLink {...{ syncId, resource }} />,
        },
        {
          title: 'Type',
          cell: ({ entitlement: { resource } }) => resource && <Name text={resource.type} />,
        },
        ...howColumns(syncId),
      ]}
    />
  );
}

/** Shows who has an entitlement, or any entitlement of a resource. */
export function HoldersTable(
  props: AccessTableProps & {
    readonly target:
      | { readonly entitlement: string }
      | { readonly type: string; readonly id: string };
  },
) {
  const { route, syncId, target } = props;
  const ofResource: Column<AccessShape>[] = [
    {
      title: 'Has',
      cell: ({ entitlement }) => <EntitlementLink {...{ syncId, entitlement }} />,
    },
  ];
  return (
    <ListTable<AccessShape>
      {...{ route }}
      list="holders"
      parameters={{ sync: syncId, ...target }}
      caption="Who has access"
      isUnderTab
      empty="Nobody."
      columns={[
        {
          title: 'Principal',
          cell: ({ principal }) => <ResourceLink {...{ syncId }} resource={principal} isRow />,
        },
        { title: 'Type', cell: ({ principal }) => <Name text={principal.type} /> },
        ...('entitlement' in target ? [] : ofResource),
        ...howColumns(syncId),
      ]}
    />
  );
}

function howColumns(syncId: string): readonly Column<AccessShape>[] {
  return [
    { title: 'Through', cell: (access) => <Through {...{ syncId, access }} /> },
    {
      title: 'Why',
      cell: ({ principal, entitlement }) => (
        <a href={link(['sync', syncId, 'why', principal.type, principal.id, entitlement.id])}>
          why
        </a>
      ),
    },
  ];
}

function Through({ syncId, access }: { readonly syncId: string; readonly access: AccessShape }) {
  const { isDirect, sources, entitlement: own } = access;
  const others = sources.filter(({ id }) => id !== own.id);
  return (
    <span class="through">
      {isDirect && <span class="tag">direct</span>}
      {others.slice(0, MAX_SOURCES).map((entitlement) => (
        <span key={entitlement.id}>
          <EntitlementLink {...{ syncId, entitlement }} />
          {entitlement.resource !== null && (
            <span class="muted">
              {' of '}
              <Name text={nameText(entitlement.resource.name, entitlement.resource.id)} />
            </span>
          )}
        </span>
      ))}
      {others.length > MAX_SOURCES && (
        <span class="muted">and {others.length - MAX_SOURCES} more</span>
      )}
    </span>
  );
}
