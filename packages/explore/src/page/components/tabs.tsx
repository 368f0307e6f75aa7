import { linkWith, type Route } from '../route.js';

interface TabsProps {
  readonly route: Route;
  readonly label: string;
  /** The parameter's values and what people call them; the first is the default. */
  readonly views: ReadonlyArray<readonly [view: string, title: string]>;
}

/** The view that an address names, of those there are. */
export function viewOf({ query }: Route, views: TabsProps['views']): string {
  const named = query.get('view');
  return (views.find(([view]) => view === named) ?? views[0])?.[0] ?? '';
}

/** Links to the views of one thing. */
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
