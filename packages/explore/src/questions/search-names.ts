// Searches the names and ids of a sync's resources and entitlements, as the user types.
import { ExploreError } from '../errors.js';
import type { FoundShape, NamesShape, SearchShape } from '../shapes.js';
import { checkSearchText } from '../view/name-text.js';
import { searchEarly } from '../view/search-early.js';
import type { Question } from './question.js';

const DEFAULT_LIMIT = 20;
const MAX_LIMIT = 200;
const KINDS = ['resource', 'entitlement'] as const;

/** Searches the names of a sync. */
export async function searchNames({ view, parameters, signal }: Question): Promise<SearchShape> {
  const syncId = parameters.syncId();
  const kind = parameters.optional('kind');
  const query = {
    text: checkSearchText(parameters.text('text')),
    limit: parameters.count('limit', DEFAULT_LIMIT, MAX_LIMIT),
    type: parameters.optionalId('type'),
    kind: kind === undefined ? undefined : kindOf(kind),
  };
  const found = await searchEarly(view.namesOf(syncId), query, signal);
  const names = view.lookup(syncId);
  const items = await Promise.all(
    found.ids.map(
      async (id): Promise<FoundShape> =>
        id.kind === 'resource'
          ? {
              kind: id.kind,
              ...(await names.resource({ resourceTypeId: id.type, resourceId: id.id })),
            }
          : { kind: id.kind, ...(await names.entitlement(id.id)) },
    ),
  );
  const { isComplete, isReading, searched } = found;
  return { items, isComplete, isReading, searched };
}

/** Starts to read the names of a sync, before a search needs them. */
export async function readNames({ view, parameters }: Question): Promise<NamesShape> {
  const { count, isReading } = view.namesOf(parameters.syncId());
  return { searched: count, isReading };
}

function kindOf(text: string): (typeof KINDS)[number] {
  const kind = KINDS.find((known) => known === text);
  if (kind !== undefined) return kind;
  throw new ExploreError('SSTITCH_QUESTION_INVALID', `kind: must be ${KINDS.join(' or ')}`);
}
