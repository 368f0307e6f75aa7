// Light or dark colours: the system's, until the user chooses.
import { useState } from 'preact/hooks';

const KEY = 'sstitch-explore-theme';
type Theme = 'light' | 'dark';

/** Applies the colours that the user chose before. */
export function applyStoredTheme(): void {
  const stored = localStorage.getItem(KEY);
  if (stored === 'light' || stored === 'dark') apply(stored);
}

/** Switches between light and dark colours. */
export function ThemeToggle() {
  const [theme, setTheme] = useState<Theme>(currentTheme);
  const other = theme === 'dark' ? 'light' : 'dark';
  const choose = () => {
    localStorage.setItem(KEY, other);
    apply(other);
    setTheme(other);
  };
  return (
    <button
      type="button"
      class="icon"
      aria-label={`Use ${other} colours`}
      title={`Use ${other} colours`}
      onClick={choose}
    >
      <svg viewBox="0 0 16 16" width="14" height="14" aria-hidden="true">
        <circle cx="8" cy="8" r="6.25" class="ring" />
        <path d="M8 1.75a6.25 6.25 0 0 1 0 12.5z" class="half" />
      </svg>
    </button>
  );
}

function currentTheme(): Theme {
  const chosen = document.documentElement.dataset['theme'];
  if (chosen === 'light' || chosen === 'dark') return chosen;
  return matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light';
}

function apply(theme: Theme): void {
  document.documentElement.dataset['theme'] = theme;
}
