// Samples outside the repository: .c1z files that Baton's SDK wrote, with the entries that Pebble lists.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import type { Files } from './memory-files.js';
import { unpackC1z } from './unpack-c1z.js';

const SAMPLES = fileURLToPath(new URL('../../../../shared/data/c1z3', import.meta.url));

/** The names of the samples; none if the directory is missing. */
export const SAMPLE_NAMES = existsSync(SAMPLES)
  ? readdirSync(SAMPLES)
      .filter((name) => name.endsWith('.c1z'))
      .map((name) => name.slice(0, -'.c1z'.length))
  : [];

export function sampleFiles(name: string): Promise<Files> {
  return unpackC1z(readFileSync(join(SAMPLES, `${name}.c1z`)));
}

/** The entries that Pebble lists, each as "key value" in hex. */
export function sampleEntries(name: string): string[] {
  const text = gunzipSync(readFileSync(join(SAMPLES, `${name}.raw.jsonl.gz`))).toString();
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const { k, v } = JSON.parse(line) as { k: string; v: string };
      return `${k} ${v}`;
    });
}
