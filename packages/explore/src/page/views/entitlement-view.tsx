import type { EntitlementShape } from '../../shapes.js';
import { useAnswer } from '../answers.js';
import { Name, ResourceLink } from '../components/name.js';
import { Tabs, viewOf } from '../components/tabs.js';
import type { Route } from '../route.js';
import { nameText } from '../words.js';
import { HoldersTable } from './access-tables.js';
import { GraphView } from './graph-view.js';

const VIEWS = [
  ['holders', 'Who has access'],
  ['graph', 'Graph'],
] as const;

interface EntitlementViewProps {
  readonly route: Route;
  readonly syncId: string;
  readonly id: string;
}

/** Shows an entitlement. */
export function EntitlementView({ route, syncId, id }: EntitlementViewProps) {
  const { value } = useAnswer<EntitlementShape>('entitlement', { sync: syncId, id });
  const view = viewOf(route, VIEWS);
  return (
    <>
      <header class="title">
        <p class="over">entitlement</p>
        <h1>
          <Name text={nameText(value?.name ?? '', id)} />
          {value?.resource && (
            <>
              <span class="muted"> on </span>
              <ResourceLink {...{ syncId }} resource={value.resource} view="holders" />
            </>
          )}
        </h1>
        <p class="facts">
          <Name text={id} mono />
          {value?.purpose !== undefined && value.purpose !== '' && <Name text={value.purpose} />}
          {value !== undefined && value.grantableTo.length > 0 && (
            <span>
              for <Name text={value.grantableTo.join(', ')} />
            </span>
          )}
        </p>
      </header>
      <Tabs {...{ route }} label="Views of the entitlement" views={VIEWS} />
      {view === 'holders' && <HoldersTable {...{ route, syncId }} target={{ entitlement: id }} />}
      {view === 'graph' && <GraphView {...{ syncId }} parameters={{ entitlement: id }} />}
    </>
  );
}
