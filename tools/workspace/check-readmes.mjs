// Checks that each package's README describes everything that the package exports:
//
// - every value, every public method of a class and every error code by name;
// - every option, with its type and the default that its `@defaultValue` says.
//
// And every function or class in the first column of a table is exported.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { codeOf, tablesOf } from './documents/markdown.mjs';
import { publicNamesOf } from './documents/public-surface.mjs';
import { root } from './pnpm.mjs';

const UNITS = { KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30 };

/** Methods that abstract-level has for its own classes. */
const LEVEL_INTERNALS = new Set(['attachResource', 'detachResource']);

const problems = [];
let names = 0;
for (const packageName of readdirSync(join(root, 'packages')).sort()) {
  const directory = join(root, 'packages', packageName);
  const readme = `packages/${packageName}/README.md`;
  const text = readFileSync(join(root, readme), 'utf8');
  const words = new Set(codeOf(text).match(/[\p{L}_$][\p{L}\p{N}_$]*/gu));
  const defaults = defaultsIn(text);
  for (const [row] of tablesOf(text)) {
    if ('default' in row && !('type' in row)) problems.push(`${readme}: options without types`);
  }
  const surface = entriesOf(directory).flatMap((entry) => publicNamesOf(entry));
  for (const one of surface) {
    names += 1;
    const missing = missingNames(one, words);
    problems.push(...missing.map((name) => `${readme}: does not describe ${name}`));
    for (const member of one.members) {
      const problem = isOptions(one) && defaultProblem(member, defaults);
      if (problem) problems.push(`${readme}: ${one.name}.${member.name}: ${problem}`);
    }
  }
  problems.push(...defaultsOfNothing(defaults, surface).map((problem) => `${readme}: ${problem}`));
  problems.push(...unknownNames(text, surface).map((name) => `${readme}: no export ${name}`));
}
if (problems.length > 0) {
  console.error([...new Set(problems)].join('\n'));
  process.exit(1);
}
console.log(`the READMEs describe ${names} public names`);

/** The source modules that users import: those of `exports`. */
function entriesOf(directory) {
  const { exports } = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8'));
  return Object.values(exports)
    .filter((entry) => entry.types !== undefined)
    .map(({ types }) => join(directory, types.replace('./dist/', 'src/').replace('.d.ts', '.ts')))
    .filter((entry) => existsSync(entry));
}

function isOptions({ name }) {
  return /Options?$|Limits$/.test(name);
}

function missingNames({ name, kind, isClass, members, literals }, words) {
  const own = kind === 'value' && !words.has(name) ? [name] : [];
  // Instances of a class that is exported only as a type come from another package, whose README describes them.
  const isOpaque = isClass && kind === 'type';
  const described = members.filter(
    (member) =>
      !isOpaque &&
      !LEVEL_INTERNALS.has(member.name) &&
      (isOptions({ name }) || member.kind === 'method'),
  );
  const missing = described.filter((member) => !words.has(member.name));
  const codes = literals.filter((literal) => /^[A-Z_]+$/.test(literal) && !words.has(literal));
  return [...own, ...missing.map((member) => `${name}.${member.name}`), ...codes];
}

/** Maps each option in the README's tables to its defaults there. */
function defaultsIn(text) {
  const defaults = new Map();
  for (const row of tablesOf(text).flat()) {
    // If there are several tables, the title names the owner of the options: "option of `open`".
    const option = row.option ?? Object.entries(row).find(([title]) => /^option /.test(title))?.[1];
    if (option === undefined || row.default === undefined) continue;
    for (const [, name] of option.matchAll(/`(\w+)`/g)) {
      defaults.set(name, [...(defaults.get(name) ?? []), row.default]);
    }
  }
  return defaults;
}

/** The problem with an option's default in the README. */
function defaultProblem({ name, defaultValue = undefined }, defaults) {
  if (defaultValue === undefined) return undefined;
  const said = defaults.get(name);
  if (said === undefined) return `no table has its default, ${defaultValue}`;
  const wanted = literalOf(defaultValue);
  if (said.some((each) => literalOf(each) === wanted)) return undefined;
  return `the default is ${defaultValue}, not ${said.join(' or ')}`;
}

/** Functions and classes in tables that the package does not export. */
function unknownNames(text, surface) {
  const known = new Set(
    surface.flatMap(({ name, members }) => [name, ...members.map((m) => m.name)]),
  );
  const rows = tablesOf(text).flat();
  return rows.flatMap((row) => {
    const cell = row.function ?? row.name ?? row.names ?? '';
    return [...cell.matchAll(/`(?:new )?(\w+)[(`]/g)]
      .map(([, name]) => name)
      .filter((n) => !known.has(n));
  });
}

/** Literal defaults in the README that no option with that name has in the code. */
function defaultsOfNothing(defaults, surface) {
  const members = surface.flatMap((one) => (isOptions(one) ? one.members : []));
  return [...defaults].flatMap(([name, said]) => {
    const own = members.filter((member) => member.name === name && member.defaultValue);
    if (own.length === 0) return [];
    const known = new Set(own.map(({ defaultValue }) => literalOf(defaultValue)));
    return said
      .filter((each) => literalOf(each) !== undefined && !known.has(literalOf(each)))
      .map((each) => `no option ${name} has the default ${each}`);
  });
}

/** A default as comparable text; undefined if it is described in words. */
function literalOf(text) {
  const [plain] = text.replaceAll('`', '').split(/[;:.](?=\s|$)|, (?!\d)/);
  const number = /^(-?\d[\d,_]*)(?: (KiB|MiB|GiB))?$/.exec(plain.trim());
  if (number) return String(Number(number[1].replace(/[,_]/g, '')) * (UNITS[number[2]] ?? 1));
  return /^(true|false|'[^']*'|\w+\.[A-Z_]+)$/.exec(plain.trim())?.[0];
}
