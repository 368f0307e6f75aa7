// Checks a tarball without installing it: publint, "are the types wrong", its files and links.
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';

/**
 * Findings that follow from ESM-only packages. CommonJS can `require` an ES module from Node 20.19 on; the
 * resolution before Node 12, which does not know `exports`, is not supported.
 */
const EXPECTED_OF_ESM_ONLY = new Set(['CJSResolvesToESM']);

/** @returns {Promise<string[]>} problems */
export async function checkTarball(packed) {
  const tarball = readFileSync(packed.tarball);
  const { messages, pkg } = await publint({
    pack: {
      tarball: tarball.buffer.slice(tarball.byteOffset, tarball.byteOffset + tarball.length),
    },
  });
  const types = await checkPackage(createPackageFromTarballData(new Uint8Array(tarball)));
  return [
    ...messages.map((message) => `publint: ${formatMessage(message, pkg, { color: false })}`),
    ...typeProblems(types),
    ...fileProblems(packed),
    ...mapProblems(packed),
    ...linkProblems(packed),
  ].map((problem) => `${packed.name}: ${problem}`);
}

function typeProblems(result) {
  if (result.types === false) return ['types: the package has none'];
  return result.problems
    .filter(({ kind, resolutionKind }) => {
      return !EXPECTED_OF_ESM_ONLY.has(kind) && resolutionKind !== 'node10';
    })
    .map((problem) => `types: ${JSON.stringify(problem)}`);
}

function fileProblems({ source, files }) {
  const problems = [];
  for (const file of ['README.md', 'LICENSE', 'CHANGELOG.md']) {
    const isDue = file !== 'CHANGELOG.md' || existsSync(join(source, file));
    if (isDue && !files.includes(file)) problems.push(`${file} is not in the tarball`);
  }
  for (const file of files) {
    if (/\.test(-support)?\.|(^|\/)(test|node_modules|\.examples)\//.test(file)) {
      problems.push(`${file} is in the tarball`);
    }
  }
  return problems;
}

/** Checks that the sources of each source map ship. */
function mapProblems({ directory, files }) {
  const dangling = files.filter((file) => {
    if (!file.endsWith('.map')) return false;
    const map = JSON.parse(readFileSync(join(directory, file), 'utf8'));
    return map.sources.some((source, index) => {
      const isInside = map.sourcesContent?.[index] != null;
      return !isInside && !existsSync(join(directory, dirname(file), source));
    });
  });
  if (dangling.length === 0) return [];
  return [`${dangling.length} source maps, as ${dangling[0]}, point to files that do not ship`];
}

const LINK = /\]\(([^)#\s]+)(?:#[^)]*)?\)/g;

/** Checks that documents link only to files in the tarball or to addresses. */
function linkProblems({ directory, files }) {
  const problems = [];
  for (const file of files.filter((each) => each.endsWith('.md'))) {
    const text = readFileSync(join(directory, file), 'utf8');
    for (const [, target] of text.matchAll(LINK)) {
      if (/^[a-z]+:/.test(target)) continue;
      const path = posix.join(posix.dirname(file), target);
      if (!files.includes(path)) problems.push(`${file} links to ${target}, which does not ship`);
    }
  }
  return problems;
}
