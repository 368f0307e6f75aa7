import { linkWith, type Route } from '../route.js';

interface TabsProps {
  readonly route: Route;
  readonly label: string;
  /** The views and their titles; the first is the default. */
  readonly views: ReadonlyArray<readonly [view: string, title: string]>;
}

/** Returns the view that a route names. */
export function viewOf({ query }: Route, views: TabsProps['views']): string {
  const named = query.get('view');
  return (views.find(([view]) => view === named) ?? views[0])?.[0] ?? '';
}

/** Shows links to the views of one record. */
export function Tabs({ route, label, views }: TabsProps) {
  const current = viewOf(route, views);
  return (
    <nav class="tabs" aria-label={label}>
      {views.map(([view, title]) => (
        <a
          key={view}
          href={linkWith(route, { view, cursor: null })}
          aria-current={view === current ? 'page' : undefined}
        >
          {title}
        </a>
      ))}
    </nav>
  );
}
