// Routes, such as `#/sync/ID/resource/user/ann?view=graph`. The address holds all of a view's state, so that every view
// has a link.
import { useLayoutEffect, useState } from 'preact/hooks';

/** A route of the page. */
export interface Route {
  readonly path: readonly string[];
  readonly query: URLSearchParams;
}

type Query = Readonly<Record<string, string | null | undefined>>;

/** Formats the address of a route. Parameters without a value are left out. */
export function link(path: readonly string[], query: Query = {}): string {
  const text = queryText(query);
  return `#/${path.map(encodeURIComponent).join('/')}${text === '' ? '' : `?${text}`}`;
}

/** Formats the address of a route with some parameters changed. */
export function linkWith({ path, query }: Route, changes: Query): string {
  return link(path, { ...Object.fromEntries(query), ...changes });
}

/** Formats the parameters that have a value, which may be empty. */
export function queryText(query: Query): string {
  const entries = Object.entries(query).filter(
    (entry): entry is [string, string] => typeof entry[1] === 'string',
  );
  return new URLSearchParams(entries).toString();
}

/** Parses the part of an address after `#`. */
export function parseRoute(hash: string): Route {
  const [path = '', query = ''] = hash.replace(/^#\/?/, '').split('?', 2);
  // An id may be empty.
  const parts = path === '' ? [] : path.split('/');
  return { path: parts.map(decoded), query: new URLSearchParams(query) };
}

/** Returns the current route and follows the address. */
export function useRoute(): Route {
  const [route, setRoute] = useState(() => parseRoute(location.hash));
  // Not after the next frame: the address may change before.
  useLayoutEffect(() => {
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
    // A malformed escape that a user typed.
    return part;
  }
}
