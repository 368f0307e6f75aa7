import { expect, test } from 'vitest';
import { problemsOf, publishedPackages } from '../check-changesets.mjs';

const changeset = (name: string, bump: string, summary = 'A change.') =>
  `---\n'${name}': ${bump}\n---\n\n${summary}\n`;

test('accepts a changeset of a published package', () => {
  expect(problemsOf(changeset('@sstitch/engine', 'minor'), publishedPackages())).toEqual([]);
});

test.each([
  [
    'an unknown package',
    changeset('@sstitch/engin', 'minor'),
    /@sstitch\/engin is not a published/,
  ],
  ['a private package', changeset('@sstitch/bench', 'patch'), /@sstitch\/bench is not a published/],
  ['an unknown bump', changeset('@sstitch/engine', 'tiny'), /tiny/],
  ['no text', changeset('@sstitch/engine', 'minor', ''), /no summary/],
  ['no front matter', 'A change.\n', /could not parse/i],
])('refuses a changeset with %s', (_name, text, problem) => {
  expect(problemsOf(text, publishedPackages()).join('\n')).toMatch(problem);
});
