// Questions and their two kinds of answers: documents and lists.
import { parseSyncId } from '@sstitch/keys';
import { ExploreError } from '../errors.js';
import type { ListPage } from '../shapes.js';
import type { StoreView } from '../view/store-view.js';

/** A question about one view of a store. */
export interface Question {
  readonly view: StoreView;
  readonly parameters: QuestionParameters;
  /** Fires when the client has gone. */
  readonly signal: AbortSignal;
}

/** Answers with a JSON document. */
export type Ask = (question: Question) => Promise<unknown>;

/** Answers with a list, which is sent as a JSON page or as a whole CSV file. */
export type AskList = (question: Question) => Promise<AnyList>;

/** A list that is read in pages. */
export interface List<T> {
  /** The column titles of the CSV file. */
  readonly columns: readonly string[];
  page(limit: number, cursor: string | undefined): Promise<ListPage<T>>;
  /** Returns the CSV cells of an item. */
  row(item: T): readonly string[];
}

/** A list whose item type is hidden. */
export interface AnyList {
  readonly columns: readonly string[];
  page(limit: number, cursor: string | undefined): Promise<ListPage<unknown>>;
  rows(limit: number): AsyncGenerator<readonly string[], void, undefined>;
}

/** Hides the item type of a list. */
export function listOf<T>(list: List<T>): AnyList {
  return {
    columns: list.columns,
    page: (limit, cursor) => list.page(limit, cursor),
    rows: async function* (limit) {
      for (let cursor: string | undefined, isFirst = true; isFirst || cursor !== undefined; ) {
        isFirst = false;
        const { items, next }: ListPage<T> = await list.page(limit, cursor);
        for (const item of items) yield list.row(item);
        cursor = next ?? undefined;
      }
    },
  };
}

/** Makes a list of items in memory. */
export function listOfAll<T>(list: Omit<List<T>, 'page'>, items: readonly T[]): AnyList {
  return listOf({ ...list, page: async (limit, cursor) => pageOf(items, limit, cursor) });
}

/**
 * Returns a page of items in memory. Cursors are offsets.
 *
 * @throws {@link ExploreError} SSTITCH_QUESTION_INVALID
 */
export function pageOf<T>(
  items: readonly T[],
  limit: number,
  cursor: string | undefined,
): ListPage<T> {
  const from = cursor === undefined ? 0 : Number(cursor);
  if (!Number.isSafeInteger(from) || from < 0) {
    throw new ExploreError('SSTITCH_QUESTION_INVALID', 'cursor: belongs to another list');
  }
  const next = from + limit < items.length ? String(from + limit) : null;
  return { items: items.slice(from, from + limit), next };
}

/** The query parameters of an address. */
export class QuestionParameters {
  readonly #query: URLSearchParams;

  constructor(query: URLSearchParams) {
    this.#query = query;
  }

  /** Returns a parameter; '' counts as absent. */
  optional(name: string): string | undefined {
    return this.#query.get(name) || undefined;
  }

  /** Returns a type or an id, which may be ''; undefined if it is absent. */
  optionalId(name: string): string | undefined {
    return this.#query.get(name) ?? undefined;
  }

  /** @throws {@link ExploreError} SSTITCH_QUESTION_INVALID */
  text(name: string): string {
    const text = this.#query.get(name);
    if (text !== null) return text;
    throw new ExploreError('SSTITCH_QUESTION_INVALID', `${name}: is missing`);
  }

  /** @throws KeysError SSTITCH_SYNC_ID_INVALID */
  syncId(name = 'sync'): string {
    const syncId = this.text(name);
    parseSyncId(syncId);
    return syncId;
  }

  /** @throws {@link ExploreError} SSTITCH_QUESTION_INVALID */
  count(name: string, otherwise: number, most: number): number {
    const text = this.optional(name);
    if (text === undefined) return otherwise;
    const count = Number(text);
    if (Number.isSafeInteger(count) && count >= 1 && count <= most) return count;
    throw new ExploreError(
      'SSTITCH_QUESTION_INVALID',
      `${name}: must be an integer from 1 to ${most}`,
    );
  }

  /** Reads a resource's name from the parameters `type` and `id`. */
  resource(): { readonly resourceTypeId: string; readonly resourceId: string } {
    return { resourceTypeId: this.text('type'), resourceId: this.text('id') };
  }
}

/** Creates the error for a record that the sync does not hold. */
export function notFound(what: string): ExploreError {
  return new ExploreError('SSTITCH_NOT_FOUND', `the sync holds no ${what}`);
}
