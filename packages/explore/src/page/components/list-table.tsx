// Shows a list of the server as a table, in pages, with a link to its CSV file.
import type { ComponentChildren } from 'preact';
import type { ListPage } from '../../shapes.js';
import { csvAddress, type Parameters, useAnswer } from '../answers.js';
import { linkWith, type Route } from '../route.js';
import { safeText } from '../words.js';

/** A column of a table. */
export interface Column<T> {
  readonly title: string;
  /** Whether the column is aligned right. @defaultValue false */
  readonly isNumber?: boolean;
  readonly cell: (item: T) => ComponentChildren;
}

interface ListTableProps<T> {
  readonly route: Route;
  /** The list's name on the server. */
  readonly list: string;
  readonly parameters: Parameters;
  /** The table's title. */
  readonly caption: string;
  readonly columns: readonly Column<T>[];
  /** The text for an empty list. */
  readonly empty: string;
  /** Whether a tab shows the title already. @defaultValue false */
  readonly isUnderTab?: boolean;
  /** Controls beside the title. */
  readonly children?: ComponentChildren;
}

export function ListTable<T>(props: ListTableProps<T>) {
  const { route, list, parameters, caption, columns, empty, isUnderTab, children } = props;
  const cursor = route.query.get('cursor');
  const { value, problem, isLoading } = useAnswer<ListPage<T>>(list, { ...parameters, cursor });
  return (
    <section aria-busy={isLoading}>
      <div class="bar">
        <h2 class={isUnderTab ? 'unseen' : undefined}>{caption}</h2>
        {children}
        {value !== undefined && value.items.length > 0 && (
          <span class="muted">{rowsText(value)}</span>
        )}
        <a class="quiet" href={csvAddress(list, parameters)} download={`${list}.csv`}>
          CSV
        </a>
      </div>
      {problem !== undefined && <Problem text={problem} />}
      {problem === undefined && value === undefined && <Waiting />}
      {value !== undefined && value.items.length === 0 && <p class="empty">{empty}</p>}
      {value !== undefined && value.items.length > 0 && (
        <PlainTable caption={caption} columns={columns} items={value.items} />
      )}
      {(cursor !== null || (value?.next ?? null) !== null) && (
        <nav class="pager" aria-label={`Pages of ${caption}`}>
          {cursor !== null && <a href={linkWith(route, { cursor: null })}>First page</a>}
          {value !== undefined && value.next !== null && (
            <a href={linkWith(route, { cursor: value.next })}>Next page</a>
          )}
        </nav>
      )}
    </section>
  );
}

function rowsText({ items, next }: ListPage<unknown>): string {
  const rows = items.length === 1 ? 'one row' : `${items.length} rows`;
  return next === null ? rows : `${rows}, more follow`;
}

interface PlainTableProps<T> {
  readonly caption: string;
  readonly columns: readonly Column<T>[];
  readonly items: readonly T[];
}

export function PlainTable<T>({ caption, columns, items }: PlainTableProps<T>) {
  return (
    <div class="scroll">
      <table>
        <caption class="unseen">{caption}</caption>
        <thead>
          <tr>
            {columns.map(({ title, isNumber }) => (
              <th key={title} scope="col" class={isNumber ? 'number' : undefined}>
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {items.map((item, at) => (
            <tr key={at}>
              {columns.map(({ title, isNumber, cell }) => (
                <td key={title} class={isNumber ? 'number' : undefined}>
                  {cell(item)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** Shows why there is no answer. */
export function Problem({ text }: { readonly text: string }) {
  return (
    <p class="problem" role="alert">
      {safeText(text)}
    </p>
  );
}

/** Shows that the answer is pending, after a delay that most answers do not need. */
export function Waiting({ text = 'Reading…' }: { readonly text?: string }) {
  return (
    <p class="waiting" role="status">
      {text}
    </p>
  );
}
