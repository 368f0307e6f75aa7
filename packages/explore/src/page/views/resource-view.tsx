import type { ResourceShape } from '../../shapes.js';
import { useAnswer } from '../answers.js';
import { Problem } from '../components/list-table.js';
import { Name, ResourceLink } from '../components/name.js';
import { Tabs, viewOf } from '../components/tabs.js';
import type { Route } from '../route.js';
import { nameText, safeText } from '../words.js';
import { AccessTable, HoldersTable } from './access-tables.js';
import { GraphView } from './graph-view.js';
import { Entitlements } from './sync-view.js';
import { Time } from './syncs-view.js';

const VIEWS = [
  ['access', 'Has access to'],
  ['holders', 'Who has access'],
  ['entitlements', 'Entitlements'],
  ['graph', 'Graph'],
  ['record', 'Record'],
] as const;

interface ResourceViewProps {
  readonly route: Route;
  readonly syncId: string;
  readonly type: string;
  readonly id: string;
}

/** Shows a resource, which may be a principal. */
export function ResourceView({ route, syncId, type, id }: ResourceViewProps) {
  const { value, problem } = useAnswer<ResourceShape>('resource', { sync: syncId, type, id });
  const view = viewOf(route, VIEWS);
  return (
    <>
      <header class="title">
        <p class="over">
          <Name text={type} />
        </p>
        <h1>
          <Name text={nameText(value?.name ?? '', id)} />
        </h1>
        <p class="facts">
          <Name text={id} mono />
          {value?.status !== undefined && value.status !== '' && <span>{value.status}</span>}
          {value?.parent && (
            <span>
              in <ResourceLink {...{ syncId }} resource={value.parent} />
            </span>
          )}
        </p>
      </header>
      <Tabs {...{ route }} label="Views of the resource" views={VIEWS} />
      {view === 'access' && <AccessTable {...{ route, syncId, type, id }} />}
      {view === 'holders' && <HoldersTable {...{ route, syncId }} target={{ type, id }} />}
      {view === 'entitlements' && <Entitlements {...{ route, syncId }} parameters={{ type, id }} />}
      {view === 'graph' && <GraphView {...{ syncId }} parameters={{ type, id }} />}
      {view === 'record' &&
        (problem === undefined ? <Facts resource={value} /> : <Problem text={problem} />)}
    </>
  );
}

function Facts({ resource }: { readonly resource: ResourceShape | undefined }) {
  if (resource === undefined) return null;
  const { description, discoveredAt, profile } = resource;
  return (
    <dl class="record">
      <dt>Description</dt>
      <dd>
        {description === '' ? '–' : <bdi>{safeText(description.replaceAll(/\s+/g, ' '))}</bdi>}
      </dd>
      <dt>Discovered (UTC)</dt>
      <dd>
        <Time time={discoveredAt} />
      </dd>
      {Object.entries(profile ?? {}).map(([name, value]) => (
        <>
          <dt key={name}>
            <Name text={name} />
          </dt>
          <dd>
            <Name text={typeof value === 'string' ? value : JSON.stringify(value)} />
          </dd>
        </>
      ))}
    </dl>
  );
}
