// What a question is asked with, and the two kinds of answers.
import { parseSyncId } from '@sstitch/keys';
import { ExploreError } from '../errors.js';
import type { ListPage } from '../shapes.js';
import type { StoreView } from '../view/store-view.js';

/** A question about one view of a store. */
export interface Question {
  readonly view: StoreView;
  readonly parameters: QuestionParameters;
  /** Fires when nobody waits for the answer any more. */
  readonly signal: AbortSignal;
}

/** Answers with one JSON document. */
export type Ask = (question: Question) => Promise<unknown>;

/** Answers with a list: a page of it as JSON, all of it as CSV. */
export type AskList = (question: Question) => Promise<AnyList>;

/** A list that is read page by page. */
export interface List<T> {
  /** Titles of the columns of its CSV form. */
  readonly columns: readonly string[];
  page(limit: number, cursor: string | undefined): Promise<ListPage<T>>;
  /** An item's cells. */
  row(item: T): readonly string[];
}

/** A list whose items only the list itself looks into. */
export interface AnyList {
  readonly columns: readonly string[];
  page(limit: number, cursor: string | undefined): Promise<ListPage<unknown>>;
  rows(limit: number): AsyncGenerator<readonly string[], void, undefined>;
}

/** A list, its type forgotten. */
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

/** A list that is there as a whole. Its cursors are numbers of items. */
export function listOfAll<T>(list: Omit<List<T>, 'page'>, items: readonly T[]): AnyList {
  return listOf({
    ...list,
    page: async (limit, cursor) => {
      const from = cursor === undefined ? 0 : Number(cursor);
      if (!Number.isSafeInteger(from) || from < 0) {
        throw new ExploreError('SSTITCH_QUESTION_INVALID', 'cursor: is none of this list');
      }
      const next = from + limit < items.length ? String(from + limit) : null;
      return { items: items.slice(from, from + limit), next };
    },
  });
}

/** The query of an address. */
export class QuestionParameters {
  readonly #query: URLSearchParams;

  constructor(query: URLSearchParams) {
    this.#query = query;
  }

  /** '' counts as absent. */
  optional(name: string): string | undefined {
    return this.#query.get(name) || undefined;
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
      `${name}: must be a whole number from 1 to ${most}`,
    );
  }

  /** A resource's name, in the parameters `type` and `id`. */
  resource(): { readonly resourceTypeId: string; readonly resourceId: string } {
    return { resourceTypeId: this.text('type'), resourceId: this.text('id') };
  }
}

/** There is no such record. */
export function notFound(what: string): ExploreError {
  return new ExploreError('SSTITCH_NOT_FOUND', `the sync holds no ${what}`);
}
