// Answers who has what and why, by @sstitch/access, with names added.
import type { Access, AccessPage, AccessPageQuery } from '@sstitch/access';
import type { AccessShape, ExplanationShape, NamedEntitlement, StepShape } from '../shapes.js';
import type { StoredNames } from '../view/stored-names.js';
import { type AnyList, listOf, notFound, type Question } from './question.js';
import { ENTITLEMENT_COLUMNS, entitlementCells, resourceColumns } from './record-lists.js';

const MAX_PATHS = 20;
const COLUMNS = [
  ...resourceColumns('principal'),
  ...ENTITLEMENT_COLUMNS,
  ...['is_direct', 'grant_ids', 'source_entitlement_ids'],
];

/** Lists what a principal has. */
export async function listAccess({ view, parameters, signal }: Question): Promise<AnyList> {
  const syncId = parameters.syncId();
  const principal = parameters.resource();
  const access = await view.accessOf(syncId);
  return accessList(view.lookup(syncId), signal, (query) => access.accessPage(principal, query));
}

/** Lists who has an entitlement, or any entitlement of a resource. */
export async function listHolders({ view, parameters, signal }: Question): Promise<AnyList> {
  const syncId = parameters.syncId();
  const entitlementId = parameters.optionalId('entitlement');
  const target =
    entitlementId === undefined ? { resource: parameters.resource() } : { entitlementId };
  const access = await view.accessOf(syncId);
  return accessList(view.lookup(syncId), signal, (query) => access.holdersPage(target, query));
}

/** Explains why a principal has an entitlement. @throws ExploreError SSTITCH_NOT_FOUND if it has not */
export async function explainAccess(question: Question): Promise<ExplanationShape> {
  const { view, parameters, signal } = question;
  const syncId = parameters.syncId();
  const principal = parameters.resource();
  const entitlementId = parameters.text('entitlement');
  const access = await view.accessOf(syncId);
  const names = view.lookup(syncId);
  const explanation = await access.explain(principal, entitlementId, {
    signal,
    maxPaths: MAX_PATHS,
  });
  if (explanation === undefined) {
    const { resourceId } = principal;
    throw notFound(
      `access of ${JSON.stringify(resourceId)} to ${JSON.stringify(entitlementId)}: no grant leads there`,
    );
  }
  const paths = explanation.paths.map((path) =>
    Promise.all(
      path.map(
        async (step): Promise<StepShape> => ({
          entitlement: await names.entitlement(step.entitlementId, step.resource),
          grantIds: step.grantIds,
          linkGrantId: step.linkGrantId ?? null,
        }),
      ),
    ),
  );
  return {
    access: await accessShape(explanation.access, names),
    paths: await Promise.all(paths),
    hasMore: explanation.hasMore,
  };
}

function accessList(
  names: StoredNames,
  signal: AbortSignal,
  page: (query: AccessPageQuery) => Promise<AccessPage>,
): AnyList {
  return listOf<AccessShape>({
    columns: COLUMNS,
    page: async (limit, cursor) => {
      const { items, next } = await page({ limit, cursor, signal });
      return {
        items: await Promise.all(items.map((access) => accessShape(access, names))),
        next: next ?? null,
      };
    },
    row: ({ principal, entitlement, isDirect, grantIds, sources }) => [
      ...[principal.type, principal.id, principal.name],
      ...entitlementCells(entitlement),
      String(isDirect),
      grantIds.join(' '),
      sources.map(({ id }) => id).join(' '),
    ],
  });
}

/** Adds names to access. */
async function accessShape(access: Access, names: StoredNames): Promise<AccessShape> {
  const sources = access.sources.map(({ entitlementId }) => names.entitlement(entitlementId));
  const [principal, entitlement, ...named] = await Promise.all([
    names.resource(access.principal),
    names.entitlement(access.entitlementId, access.resource),
    ...sources,
  ]);
  return {
    principal,
    entitlement,
    isDirect: access.isDirect,
    grantIds: access.grantIds,
    sources: named as readonly NamedEntitlement[],
  };
}
