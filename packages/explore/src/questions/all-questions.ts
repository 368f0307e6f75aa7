// The table of all questions. `/api/NAME` answers with a document or a page of a list, `/csv/NAME` with a whole list.
import type { StoreShape } from '../shapes.js';
import type { CurrentView } from '../view/current-view.js';
import { currentGeneration } from '../view/view-source.js';
import { drawGraph } from './access-graph.js';
import { explainAccess, listAccess, listHolders } from './access-lists.js';
import { compareSyncs, listChanges } from './compare-syncs.js';
import type { Ask, AskList } from './question.js';
import {
  describeEntitlement,
  describeResource,
  listEntitlements,
  listGrants,
  listResources,
} from './record-lists.js';
import { readNames, searchNames } from './search-names.js';
import { drawLevels, listGenerations, listTables } from './store-files.js';
import { describeSync, listSyncs } from './sync-list.js';

export const QUESTIONS: ReadonlyMap<string, Ask> = new Map<string, Ask>([
  ['sync', describeSync],
  ['search', searchNames],
  ['names', readNames],
  ['resource', describeResource],
  ['entitlement', describeEntitlement],
  ['explain', explainAccess],
  ['graph', drawGraph],
  ['difference', compareSyncs],
  ['levels', drawLevels],
]);

export const LISTS: ReadonlyMap<string, AskList> = new Map<string, AskList>([
  ['syncs', listSyncs],
  ['resources', listResources],
  ['entitlements', listEntitlements],
  ['grants', listGrants],
  ['access', listAccess],
  ['holders', listHolders],
  ['changes', listChanges],
  ['tables', listTables],
  ['generations', listGenerations],
]);

/** Describes the store and the view of it; `refresh` refreshes the view first. */
export async function describeStore(
  current: CurrentView,
  name: string | undefined,
  refresh: boolean,
): Promise<StoreShape> {
  const describe = () =>
    current.use(async (view) => ({
      name: name ?? view.source.name,
      location: view.source.location,
      generation: view.generation ?? null,
      openedAt: view.openedAt.toISOString(),
      currentGeneration:
        view.generation === undefined ? null : await currentGeneration(view.source.location),
    }));
  if (refresh) {
    // Fails if the store has gone, and says so; the refresh would say that there is none.
    await describe();
    await current.refresh();
  }
  return describe();
}
