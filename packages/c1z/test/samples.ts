// Samples outside the repository: .c1z files of format 3 that Baton's SDK wrote, with the entries that the SDK
// and Pebble list.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';

const SAMPLES = fileURLToPath(new URL('../../../../shared/data/c1z3', import.meta.url));

/** The names of the samples; none if the directory is missing. */
export const SAMPLE_NAMES = existsSync(SAMPLES)
  ? readdirSync(SAMPLES)
      .filter((name) => name.endsWith('.c1z'))
      .map((name) => name.slice(0, -'.c1z'.length))
  : [];

export function samplePath(name: string): string {
  return join(SAMPLES, `${name}.c1z`);
}

function linesOf<T>(name: string): T[] {
  const text = gunzipSync(readFileSync(join(SAMPLES, `${name}.jsonl.gz`))).toString();
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as T);
}

/** A key and its value in hex, as Pebble's iterator lists them. */
export interface SampleEntry {
  readonly k: string;
  readonly v: string;
}

export function sampleEntries(name: string): SampleEntry[] {
  return linesOf(`${name}.raw`);
}

/** A record as the SDK's engine reads it. */
export interface SampleRecord {
  readonly type: string;
  /** The message in hex. */
  readonly pb: string;
  /** The id of its sync, in a file of several syncs. */
  readonly sync?: string;
}

export function sampleRecords(name: string): SampleRecord[] {
  return linesOf(`${name}.records`);
}

/** The messages of connectors that the SDK returns for the records. */
export function sampleMessages(name: string): SampleRecord[] {
  const path = join(SAMPLES, `${name}.v2.jsonl.gz`);
  return existsSync(path) ? linesOf(`${name}.v2`) : [];
}
