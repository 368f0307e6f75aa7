// Extracts the examples of a README as programs: as ES modules, and as CommonJS that requires ES modules.
import { readFileSync } from 'node:fs';
import { transformSync } from 'esbuild';

const EXAMPLE = /^```(ts|js)\n([\s\S]*?)^```/gm;
const INSTALL = /^npm install ((?:--?[\w-]+ )*)(.+)$/m;

/**
 * An example of a README.
 *
 * @typedef {object} Example
 * @property {'ts' | 'js'} language
 * @property {string} source
 */

/**
 * @param {string} readme path
 * @returns {Example[]}
 */
export function examplesOf(readme) {
  const text = readFileSync(readme, 'utf8');
  return [...text.matchAll(EXAMPLE)].map(([, language, source]) => ({
    language: /** @type {Example['language']} */ (language),
    source,
  }));
}

/**
 * The packages that a README says to install.
 *
 * @param {string} readme path
 * @returns {string[]}
 */
export function installedBy(readme) {
  return INSTALL.exec(readFileSync(readme, 'utf8'))?.[2]?.trim().split(/\s+/) ?? [];
}

/** @param {string} source */
export function asModule(source) {
  return transformSync(source, { loader: 'ts', format: 'esm' }).code;
}

/**
 * Converts a program to CommonJS. Imports become calls of `require`; the rest goes into an async function,
 * because it may use top-level await.
 *
 * @param {string} source
 */
export function asCommonJs(source) {
  const requires = [];
  const body = asModule(source)
    .replace(/^import\s*(\{[^}]*\})\s*from\s*("[^"]+");$/gm, (_, names, from) => {
      requires.push(`const ${names.replace(/ as /g, ': ')} = require(${from});`);
      return '';
    })
    .replace(/^import\s*(?:\* as )?(\w+)\s*from\s*("[^"]+");$/gm, (_, name, from) => {
      requires.push(`const ${name} = require(${from});`);
      return '';
    });
  if (/^import\b/m.test(body)) throw new Error(`cannot convert this import to CommonJS:\n${body}`);
  return `${requires.join('\n')}
(async () => {
${body}
})().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
`;
}
