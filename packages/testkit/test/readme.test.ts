// Checks that the README covers the whole package, with the defaults of the code.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import * as testkit from '../src/index.js';
import * as metamorphic from '../src/metamorphic.js';
import { MAX_GRANTS } from '../src/synthetic/shape.js';
import * as torture from '../src/torture.js';

const text = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8');
const readme = text('../README.md');
const code = [...readme.matchAll(/`([^`\n]+)`/g)].map(([, source]) => source ?? '');

function isNamed(name: string): boolean {
  return code.some((source) => new RegExp(`(^|\\W)${name}(\\W|$)`).test(source));
}

/** The names of the members of an interface or a type in a source file. */
function membersOf(path: string, type: string): string[] {
  const [, body = ''] =
    new RegExp(`interface ${type}\\b[^{]*\\{\\n([\\s\\S]*?)^\\}`, 'm').exec(text(path)) ?? [];
  return [...body.matchAll(/^ {2}(?:readonly )?(\w+)[?(:]/gm)].map(([, name]) => name ?? '');
}

test.each([
  ['the package', testkit],
  ['/metamorphic', metamorphic],
  ['/torture', torture],
])('the README names every value that %s exports', (_entry, exported) => {
  expect(Object.keys(exported).filter((name) => !isNamed(name))).toEqual([]);
});

test.each([
  ['ModelEngine', testkit.ModelEngine],
  ['ModelState', testkit.ModelState],
  ['FamilyTally', torture.FamilyTally],
])('the README names every method of %s', (_name, { prototype }) => {
  const methods = Object.getOwnPropertyNames(prototype).filter((name) => name !== 'constructor');
  expect(methods.filter((name) => !isNamed(name))).toEqual([]);
});

test.each([
  ['../src/conformance/subject.ts', 'EngineUnderTest'],
  ['../src/metamorphic.ts', 'MetamorphicOptions'],
  ['../src/metamorphic/target.ts', 'MetamorphicTarget'],
  ['../src/synthetic/shape.ts', 'SyntheticSyncOptions'],
  ['../src/synthetic/synthetic-syncs.ts', 'SyntheticEntriesOptions'],
  ['../src/synthetic/synthetic-syncs.ts', 'WriteSyntheticSyncOptions'],
  ['../src/kill/kill-family.ts', 'KillOptions'],
  ['../src/torture/family.ts', 'FamilyReport'],
  ['../src/isolation-fixtures.ts', 'FixtureSync'],
])('the README names every member of the type in %s named %s', (path, type) => {
  const members = membersOf(path, type);
  expect(members).not.toEqual([]);
  expect(members.filter((name) => !isNamed(name) && name !== 'skipped')).toEqual([]);
});

test.each([
  ['../src/metamorphic.ts', ['runs', 'actions', 'shrinkLimitMs']],
  ['../src/synthetic/shape.ts', ['seed', 'syncIndex', 'revision']],
  ['../src/kill/kill-family.ts', ['lanes', 'grants', 'maxLifeMs']],
])('the README states the defaults of %s', (path, names) => {
  for (const name of names) {
    const [, value = ''] = new RegExp(`\\b${name} = ([\\d_]+)`).exec(text(path)) ?? [];
    const shown = Number(value.replaceAll('_', '')).toLocaleString('en');
    expect(readme, name).toMatch(new RegExp(`^\\| \`${name}\` \\| \\w+ \\| ${shown} \\|`, 'm'));
  }
});

test('the README states the limits of the code', () => {
  expect(readme).toContain(`at most ${MAX_GRANTS.toLocaleString('en')};`);
  const [, pageEntries] =
    /DEFAULT_PAGE_ENTRIES = (\d+)/.exec(text('../src/synthetic/synthetic-syncs.ts')) ?? [];
  expect(readme).toContain(`| \`pageEntries\` | number | \`syntheticEntries\` | ${pageEntries} |`);
  expect(readme).toContain(
    `| \`batchEntries\` | number | \`writeSyntheticSync\` | ${pageEntries} |`,
  );
});

test('the README lists exactly the error codes of the code', () => {
  const codes = (source: string) => [...new Set(source.match(/SSTITCH_[A-Z_]+/g))].sort();
  const documented = codes(readme.slice(readme.indexOf('## Errors')));
  expect(documented).toEqual(codes(text('../src/errors.ts')));
});
