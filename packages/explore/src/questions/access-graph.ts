// Draws who has what as a graph: what a principal has and what leads there, or who has an entitlement and through
// what. The size is bounded, because a larger picture is unreadable.
import type { Access } from '@sstitch/access';
import type { ResourceName } from '@sstitch/records';
import type { GraphEdgeShape, GraphNodeShape, GraphShape } from '../shapes.js';
import type { StoredNames } from '../view/stored-names.js';
import type { Question } from './question.js';

/** The most items of access in a graph. */
const MAX_ITEMS = 40;
/** The most nodes, sources included. */
const MAX_NODES = 90;
const MAX_COLUMNS = 6;

/** Draws the graph of a principal or an entitlement. */
export async function drawGraph(question: Question): Promise<GraphShape> {
  const { view, parameters, signal } = question;
  const syncId = parameters.syncId();
  const entitlementId = parameters.optionalId('entitlement');
  const access = await view.accessOf(syncId);
  const query = { limit: MAX_ITEMS, signal };
  const page =
    entitlementId === undefined
      ? await access.accessPage(parameters.resource(), query)
      : await access.holdersPage({ entitlementId }, query);
  const drawing = new Drawing(view.lookup(syncId));
  // The subject has a node even if it has no access.
  if (entitlementId === undefined) await drawing.principal(parameters.resource());
  else await drawing.entitlement(entitlementId, undefined);
  for (const item of page.items) await drawing.add(item);
  return drawing.finish(page.next !== undefined);
}

class Drawing {
  readonly #names: StoredNames;
  readonly #nodes = new Map<string, Omit<GraphNodeShape, 'column'>>();
  readonly #edges = new Map<string, GraphEdgeShape>();
  #isCut = false;

  constructor(names: StoredNames) {
    this.#names = names;
  }

  /** Adds what a principal has, and its sources. */
  async add(access: Access): Promise<void> {
    const principal = await this.principal(access.principal);
    const held = await this.entitlement(access.entitlementId, access.resource);
    if (access.isDirect || access.sources.length === 0) this.#connect(principal, held, 'grant');
    for (const { entitlementId, isDirect } of access.sources) {
      if (entitlementId === access.entitlementId) continue;
      if (this.#nodes.size >= MAX_NODES && !this.#nodes.has(entitlementKey(entitlementId))) {
        this.#isCut = true;
        continue;
      }
      const source = await this.entitlement(entitlementId, undefined);
      this.#connect(source, held, 'derived');
      if (isDirect) this.#connect(principal, source, 'grant');
    }
  }

  async principal(name: ResourceName): Promise<string> {
    const key = JSON.stringify(['principal', name.resourceTypeId, name.resourceId]);
    if (!this.#nodes.has(key)) {
      const resource = await this.#names.resource(name);
      this.#nodes.set(key, {
        ...{ key, kind: 'principal', name: resource.name || resource.id, detail: resource.type },
        ...{ resource, entitlementId: null },
      });
    }
    return key;
  }

  async entitlement(id: string, on: ResourceName | undefined): Promise<string> {
    const key = entitlementKey(id);
    if (!this.#nodes.has(key)) {
      const { name, resource } = await this.#names.entitlement(id, on);
      this.#nodes.set(key, {
        ...{ key, kind: 'entitlement', name: name || id, resource, entitlementId: id },
        detail: resource === null ? '' : resource.name || resource.id,
      });
    }
    return key;
  }

  finish(hasMore: boolean): GraphShape {
    const columns = this.#columns();
    const nodes = [...this.#nodes.values()].map((node) => ({
      ...node,
      column: columns.get(node.key) ?? 1,
    }));
    return { nodes, edges: [...this.#edges.values()], hasMore: hasMore || this.#isCut };
  }

  #connect(from: string, to: string, kind: GraphEdgeShape['kind']): void {
    this.#edges.set(`${from} ${to}`, { from, to, kind });
  }

  /** Places principals in column 0 and each entitlement one column after its last source. */
  #columns(): ReadonlyMap<string, number> {
    const columns = new Map<string, number>();
    for (const { key, kind } of this.#nodes.values()) if (kind === 'principal') columns.set(key, 0);
    // Sources may form cycles, so the number of columns is limited.
    for (let step = 0; step < MAX_COLUMNS; step++) {
      for (const { from, to } of this.#edges.values()) {
        const reached = (columns.get(from) ?? 0) + 1;
        if (reached === step + 1 && reached > (columns.get(to) ?? 0)) columns.set(to, reached);
      }
    }
    return columns;
  }
}

function entitlementKey(id: string): string {
  return JSON.stringify(['entitlement', id]);
}
