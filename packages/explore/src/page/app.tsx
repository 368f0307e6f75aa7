// The frame of the page, and the view that the address names.
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import type { ListPage, StoreShape, SyncShape } from '../shapes.js';
import { ask, Epoch, NoAnswer, useAnswer } from './answers.js';
import { Problem } from './components/list-table.js';
import { Name } from './components/name.js';
import { SearchBox } from './components/search-box.js';
import { applyStoredTheme, ThemeToggle } from './components/theme-toggle.js';
import { useKeyboard } from './keyboard.js';
import { link, type Route, useRoute } from './route.js';
import { CompareView } from './views/compare-view.js';
import { EntitlementView } from './views/entitlement-view.js';
import { GenerationsView } from './views/generations-view.js';
import { LevelsView } from './views/levels-view.js';
import { ResourceView } from './views/resource-view.js';
import { SyncView } from './views/sync-view.js';
import { SyncsView } from './views/syncs-view.js';
import { WhyView } from './views/why-view.js';
import { safeText, shortId, timeText } from './words.js';

applyStoredTheme();

/** The most syncs that selections offer. */
const MAX_SYNCS = '1000';
/** The time between checks for a newer generation. */
const LOOK_MS = 5000;

/** The whole page. */
export function App() {
  const [epoch, setEpoch] = useState(0);
  useKeyboard();
  return (
    <Epoch.Provider value={epoch}>
      <Frame onRenewed={() => setEpoch((before) => before + 1)} />
    </Epoch.Provider>
  );
}

function Frame({ onRenewed }: { readonly onRenewed: () => void }) {
  const route = useRoute();
  const [hasFiles, setHasFiles] = useState<boolean | undefined>();
  const onStore = useCallback((store: StoreShape) => setHasFiles(store.generation !== null), []);
  const { value, problem } = useAnswer<ListPage<SyncShape>>('syncs', { limit: MAX_SYNCS });
  const syncs = value?.items;
  const syncId =
    syncOf(route) ?? (syncs?.find(({ endedAt }) => endedAt !== null) ?? syncs?.[0])?.syncId;
  return (
    <>
      <header class="top">
        <a class="brand" href="#/">
          sstitch
        </a>
        <StoreState {...{ onRenewed, onStore }} />
        <SearchBox {...{ syncId }} readsAhead={hasFiles === true} />
        <ThemeToggle />
      </header>
      <Places {...{ route, syncs, syncId }} hasFiles={hasFiles ?? true} />
      <main>
        {problem !== undefined && <Problem text={problem} />}
        {syncs !== undefined && <Place {...{ route, syncs }} />}
      </main>
      <footer>
        <span>
          <kbd>/</kbd> search
        </span>
        <span>
          <kbd>↑</kbd> <kbd>↓</kbd> move
        </span>
        <span>
          <kbd>Enter</kbd> open
        </span>
        <span>
          <kbd>Esc</kbd> back
        </span>
        <span class="right">read-only, served on this machine only</span>
      </footer>
    </>
  );
}

interface StoreStateProps {
  readonly onRenewed: () => void;
  readonly onStore: (store: StoreShape) => void;
}

/** Shows the store and its generation, and refreshes it. */
function StoreState({ onRenewed, onStore }: StoreStateProps) {
  const [store, setStore] = useState<StoreShape | undefined>();
  const [problem, setProblem] = useState<string | undefined>();
  const looking = useRef<AbortController | undefined>(undefined);
  const look = useCallback(async (refresh: boolean) => {
    if (looking.current !== undefined && !refresh) return;
    // Its answer would be of before the refresh, and might arrive after that of the refresh.
    looking.current?.abort();
    const gone = new AbortController();
    looking.current = gone;
    try {
      setStore(await ask<StoreShape>('store', { refresh: refresh ? '1' : null }, gone.signal));
      setProblem(undefined);
    } catch (error) {
      if (gone.signal.aborted) return;
      setProblem(error instanceof NoAnswer ? error.message : String(error));
    } finally {
      if (looking.current === gone) looking.current = undefined;
    }
  }, []);
  useEffect(() => {
    void look(false);
    const timer = setInterval(() => void look(false), LOOK_MS);
    return () => clearInterval(timer);
  }, [look]);
  useEffect(() => {
    if (store === undefined) return;
    document.title = `${safeText(store.name)} – sstitch explore`;
    onStore(store);
  }, [store, onStore]);
  if (store === undefined) return problem === undefined ? null : <Problem text={problem} />;
  const isPast = store.generation !== store.currentGeneration;
  const renew = async () => {
    await look(true);
    onRenewed();
  };
  return (
    <div class="store">
      <Name text={store.name} />
      {store.generation !== null && <span class="mono muted">{store.generation}</span>}
      <button
        type="button"
        class={isPast ? 'wanted' : undefined}
        title={`As of ${store.openedAt}`}
        onClick={renew}
      >
        {isPast ? `Refresh to ${store.currentGeneration}` : 'Refresh'}
      </button>
      {problem !== undefined && <Problem text={problem} />}
    </div>
  );
}

interface PlacesProps {
  readonly route: Route;
  readonly syncs: readonly SyncShape[] | undefined;
  readonly syncId: string | undefined;
  /** Whether the store has tables and generations to show. */
  readonly hasFiles: boolean;
}

function Places({ route, syncs = [], syncId, hasFiles }: PlacesProps) {
  const [first = 'syncs'] = route.path;
  const places = [
    ['syncs', 'Syncs', link([])],
    ['compare', 'Compare', link(['compare'])],
    ...(hasFiles
      ? ([
          ['levels', 'Levels', link(['levels'])],
          ['generations', 'Generations', link(['generations'])],
        ] as const)
      : []),
  ] as const;
  return (
    <nav class="places" aria-label="Places">
      {places.map(([name, title, address]) => (
        <a key={name} href={address} aria-current={name === first ? 'page' : undefined}>
          {title}
        </a>
      ))}
      {syncs.length > 0 && (
        <label class="choice">
          <span>Sync</span>
          <select
            value={syncId}
            onChange={(event) => {
              location.hash = link(['sync', event.currentTarget.value]);
            }}
          >
            {syncs.map((sync) => (
              <option key={sync.syncId} value={sync.syncId}>
                {`${timeText(sync.startedAt)}  ${shortId(sync.syncId)}`}
              </option>
            ))}
          </select>
        </label>
      )}
    </nav>
  );
}

function Place({ route, syncs }: { readonly route: Route; readonly syncs: readonly SyncShape[] }) {
  const [first = 'syncs', second = '', third = '', ...rest] = route.path;
  if (first === 'syncs') return <SyncsView {...{ route, syncs }} />;
  if (first === 'levels') return <LevelsView {...{ route, syncs }} />;
  if (first === 'generations') return <GenerationsView {...{ route }} />;
  if (first === 'compare') {
    const after = third || syncs[0]?.syncId;
    const before = second || syncs[1]?.syncId;
    return <CompareView {...{ route, syncs, before, after }} />;
  }
  if (first === 'sync' && second !== '') {
    const syncId = second;
    const [type = '', id = '', entitlementId = ''] = rest;
    if (third === '') return <SyncView {...{ route, syncId }} />;
    if (third === 'entitlement') return <EntitlementView {...{ route, syncId }} id={type} />;
    if (third === 'resource') return <ResourceView {...{ route, syncId, type, id }} />;
    if (third === 'why') return <WhyView {...{ syncId, type, id, entitlementId }} />;
  }
  return <h1>There is nothing at this address.</h1>;
}

/** Returns the sync that an address names. */
function syncOf({ path: [first, second] }: Route): string | undefined {
  return (first === 'sync' && second) || undefined;
}
