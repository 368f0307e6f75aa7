// Where the page is: `#/sync/ID/resource/user/ann?view=graph`. All of a view's state stands in the address, so that a
// view can be linked to.
import { useEffect, useState } from 'preact/hooks';

/** A place of the page. */
export interface Route {
  readonly path: readonly string[];
  readonly query: URLSearchParams;
}

type Query = Readonly<Record<string, string | null | undefined>>;

/** The address of a place. Parameters without a value are left out. */
export function link(path: readonly string[], query: Query = {}): string {
  const text = queryText(query);
  return `#/${path.map(encodeURIComponent).join('/')}${text === '' ? '' : `?${text}`}`;
}

/** The same place with other parameters. */
export function linkWith({ path, query }: Route, changes: Query): string {
  return link(path, { ...Object.fromEntries(query), ...changes });
}

/** The text of parameters that have a value. */
export function queryText(query: Query): string {
  const entries = Object.entries(query).filter(
    (entry): entry is [string, string] => typeof entry[1] === 'string' && entry[1] !== '',
  );
  return new URLSearchParams(entries).toString();
}

export function parseRoute(hash: string): Route {
  const [path = '', query = ''] = hash.replace(/^#\/?/, '').split('?', 2);
  const parts = path.split('/').filter((part) => part !== '');
  return { path: parts.map(decoded), query: new URLSearchParams(query) };
}

/** The place the page is at, which follows the address. */
export function useRoute(): Route {
  const [route, setRoute] = useState(() => parseRoute(location.hash));
  useEffect(() => {
    const follow = () => setRoute(parseRoute(location.hash));
    addEventListener('hashchange', follow);
    return () => removeEventListener('hashchange', follow);
  }, []);
  return route;
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    // Typed by hand.
    return part;
  }
}
