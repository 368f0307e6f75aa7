// Searches as the user types: a combobox (https://www.w3.org/WAI/ARIA/apg/patterns/combobox/).
import { useContext, useEffect, useRef, useState } from 'preact/hooks';
import type { FoundShape, NamesShape, SearchShape } from '../../shapes.js';
import { ask, Epoch, NoAnswer } from '../answers.js';
import { link } from '../route.js';
import { countText, nameText, safeText } from '../words.js';
import { Name } from './name.js';

/** The pause in typing after which a search starts. */
const PAUSE_MS = 60;
/** The time between searches while names are still being read. */
const AGAIN_MS = 200;

interface SearchBoxProps {
  readonly syncId: string | undefined;
  /** Whether to read the names of the sync before the first search: they lie on this machine. */
  readonly readsAhead: boolean;
}

export function SearchBox({ syncId, readsAhead }: SearchBoxProps) {
  const epoch = useContext(Epoch);
  const [text, setText] = useState('');
  const [found, setFound] = useState<(SearchShape & { readonly of: string }) | undefined>();
  const [active, setActive] = useState(0);
  const [problem, setProblem] = useState<string | undefined>();
  const [isOpen, setOpen] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  /** Whether Enter was pressed since the text changed. If nothing was found yet, what is found first opens. */
  const isEntered = useRef(false);
  const wanted = text.trim();

  useEffect(() => {
    if (syncId === undefined || !(readsAhead || isOpen)) return;
    // A failure is reported by a search.
    ask<NamesShape>('names', { sync: syncId }).catch(() => undefined);
  }, [syncId, epoch, readsAhead || isOpen]);

  useEffect(() => {
    if (syncId === undefined || wanted === '' || !isOpen) {
      setFound(undefined);
      return;
    }
    const gone = new AbortController();
    let timer: ReturnType<typeof setTimeout>;
    const look = async () => {
      const parameters = { sync: syncId, text: wanted };
      try {
        const next = await ask<SearchShape>('search', parameters, gone.signal);
        if (gone.signal.aborted) return;
        setFound({ ...next, of: wanted });
        setProblem(undefined);
        if (isEntered.current && next.items.length > 0) return open(next.items[0]);
        if (!next.isComplete && next.isReading) timer = setTimeout(look, AGAIN_MS);
      } catch (error) {
        if (gone.signal.aborted) return;
        setFound(undefined);
        setProblem(error instanceof NoAnswer ? error.message : String(error));
      }
    };
    timer = setTimeout(look, PAUSE_MS);
    return () => {
      clearTimeout(timer);
      gone.abort();
    };
  }, [syncId, wanted, isOpen]);

  const items = found?.items ?? [];
  const shown = Math.min(active, Math.max(0, items.length - 1));
  const close = () => {
    setOpen(false);
    setText('');
    input.current?.blur();
  };
  const open = (item: FoundShape | undefined) => {
    if (item === undefined || syncId === undefined) return;
    location.hash = addressOf(syncId, item);
    close();
  };
  const enter = () => {
    isEntered.current = true;
    // The list may still be that of an earlier text: then only an arrow key has chosen from it.
    if (found?.of === wanted || shown > 0) open(items[shown]);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'ArrowDown') setActive(Math.min(shown + 1, items.length - 1));
    else if (event.key === 'ArrowUp') setActive(Math.max(shown - 1, 0));
    else if (event.key === 'Enter') enter();
    else if (event.key === 'Escape') close();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const isListed = isOpen && wanted !== '' && (found !== undefined || problem !== undefined);
  return (
    <search class="search">
      <input
        ref={input}
        id="search"
        type="search"
        // biome-ignore lint/a11y/noRedundantRoles: without a list of the browser's own it is not a combobox by itself
        role="combobox"
        list={undefined}
        aria-label="Search resources, principals and entitlements"
        aria-expanded={isListed}
        aria-controls="found"
        aria-autocomplete="list"
        aria-activedescendant={isListed && items.length > 0 ? `found-${shown}` : undefined}
        autocomplete="off"
        spellcheck={false}
        placeholder="Search people, groups, resources, entitlements"
        disabled={syncId === undefined}
        value={text}
        onInput={(event) => {
          isEntered.current = false;
          setText(event.currentTarget.value);
          setActive(0);
          setOpen(true);
        }}
        onFocus={() => setOpen(true)}
        onBlur={() => {
          isEntered.current = false;
          setOpen(false);
        }}
        onKeyDown={onKeyDown}
      />
      <span class="key" aria-hidden="true">
        /
      </span>
      <div class="found" hidden={!isListed}>
        <div id="found" role="listbox" aria-label="Found">
          {items.map((item, at) => (
            // biome-ignore lint/a11y/useKeyWithClickEvents: the keys are the input's
            // biome-ignore lint/a11y/useFocusableInteractive: the focus stays in the input, as the pattern has it
            <div
              key={JSON.stringify([item.kind, item.id, item.kind === 'resource' && item.type])}
              id={`found-${at}`}
              role="option"
              aria-selected={at === shown}
              onMouseDown={(event) => event.preventDefault()}
              onClick={() => open(item)}
            >
              <Found item={item} />
            </div>
          ))}
        </div>
        <p role="status">
          {problem === undefined ? found && searchState(found) : safeText(problem)}
        </p>
      </div>
    </search>
  );
}

/** Says how far a search is, and what it did not find. */
function searchState({ items, isComplete, isReading, searched }: SearchShape): string {
  if (isComplete) return items.length === 0 ? 'No name or id contains this.' : '';
  const names = countText(searched);
  return isReading
    ? `Reading names: ${names} searched so far…`
    : `Only the first ${names} names were searched.`;
}

function Found({ item }: { readonly item: FoundShape }) {
  const kind = item.kind === 'resource' ? item.type : 'entitlement';
  const where = item.kind === 'resource' ? undefined : item.resource;
  return (
    <>
      <Name text={nameText(item.name, item.id)} />
      {where !== undefined && where !== null && (
        <span class="muted">
          on <Name text={nameText(where.name, where.id)} />
        </span>
      )}
      <span class="kind">
        <Name text={kind} />
      </span>
    </>
  );
}

function addressOf(syncId: string, item: FoundShape): string {
  return item.kind === 'resource'
    ? link(['sync', syncId, 'resource', item.type, item.id])
    : link(['sync', syncId, 'entitlement', item.id]);
}
