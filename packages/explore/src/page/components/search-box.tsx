// Searches as the user types: a combobox (https://www.w3.org/WAI/ARIA/apg/patterns/combobox/).
import { useEffect, useRef, useState } from 'preact/hooks';
import type { FoundShape, SearchShape } from '../../shapes.js';
import { ask } from '../answers.js';
import { link } from '../route.js';
import { countText } from '../words.js';
import { Name } from './name.js';

/** The pause in typing after which a search starts. */
const PAUSE_MS = 60;
/** The time between searches while names are still being read. */
const AGAIN_MS = 400;

export function SearchBox({ syncId }: { readonly syncId: string | undefined }) {
  const [text, setText] = useState('');
  const [found, setFound] = useState<SearchShape | undefined>();
  const [active, setActive] = useState(0);
  const [isOpen, setOpen] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  const wanted = text.trim();

  useEffect(() => {
    if (syncId === undefined || wanted === '' || !isOpen) {
      setFound(undefined);
      return;
    }
    const gone = new AbortController();
    let timer: ReturnType<typeof setTimeout>;
    const look = async () => {
      const parameters = { sync: syncId, text: wanted };
      const next = await ask<SearchShape>('search', parameters, gone.signal).catch(() => undefined);
      if (gone.signal.aborted) return;
      setFound(next);
      if (next?.isComplete === false) timer = setTimeout(look, AGAIN_MS);
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
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'ArrowDown') setActive(Math.min(shown + 1, items.length - 1));
    else if (event.key === 'ArrowUp') setActive(Math.max(shown - 1, 0));
    else if (event.key === 'Enter') open(items[shown]);
    else if (event.key === 'Escape') close();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const isListed = isOpen && wanted !== '' && found !== undefined;
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
          setText(event.currentTarget.value);
          setActive(0);
          setOpen(true);
        }}
        onFocus={() => setOpen(true)}
        onBlur={() => setOpen(false)}
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
          {items.length === 0 && found?.isComplete === true && 'No name or id contains this. '}
          {found?.isComplete === false &&
            `Reading names: ${countText(found.searched)} searched so far…`}
        </p>
      </div>
    </search>
  );
}

function Found({ item }: { readonly item: FoundShape }) {
  const kind = item.kind === 'resource' ? item.type : 'entitlement';
  const where = item.kind === 'resource' ? undefined : item.resource;
  return (
    <>
      <Name text={item.name || item.id} />
      {where !== undefined && where !== null && (
        <span class="muted">
          on <Name text={where.name || where.id} />
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
