import { readFileSync } from 'node:fs';

/** This package's version, read from package.json, which is in the parent directory of both src and dist. */
export const VERSION: string = (
  JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
    readonly version: string;
  }
).version;
