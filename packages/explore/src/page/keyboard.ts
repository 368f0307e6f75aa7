// The keys of the page: `/` focuses search, arrows move through rows, Escape goes back.
import { useLayoutEffect } from 'preact/hooks';

/** The elements at which arrow keys stop. */
const ROWS = '[data-row]';

/** Handles the keys while the component is mounted. */
export function useKeyboard(): void {
  useLayoutEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
      if (event.key === '/') document.getElementById('search')?.focus();
      else if (event.key === 'Escape') history.back();
      else if (event.key === 'ArrowDown') moveBy(1);
      else if (event.key === 'ArrowUp') moveBy(-1);
      else return;
      event.preventDefault();
    };
    addEventListener('keydown', onKeyDown);
    return () => removeEventListener('keydown', onKeyDown);
  }, []);
}

function moveBy(step: number): void {
  const rows = [...document.querySelectorAll<HTMLElement>(ROWS)];
  const at = rows.indexOf(document.activeElement as HTMLElement);
  const next = at < 0 ? (step > 0 ? 0 : rows.length - 1) : at + step;
  rows[next]?.focus();
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLInputElement || target instanceof HTMLSelectElement;
}
