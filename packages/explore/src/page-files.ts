// Reads the files of the built page once, into memory: they take under 100 KB.
import { readFile } from 'node:fs/promises';
import { ExploreError } from './errors.js';

/** The same from dist and from src, where tests run. */
const DIRECTORY = new URL('../dist/page/', import.meta.url);

const FILES: ReadonlyMap<string, readonly [name: string, type: string]> = new Map([
  ['/', ['index.html', 'text/html; charset=utf-8']],
  ['/main.js', ['main.js', 'text/javascript; charset=utf-8']],
  ['/main.css', ['main.css', 'text/css; charset=utf-8']],
]);

/** A file and its media type. */
export interface PageFile {
  readonly type: string;
  readonly bytes: Uint8Array;
}

/** Reads the files by path. @throws {@link ExploreError} SSTITCH_NOT_FOUND if the page was not built */
export async function loadPageFiles(): Promise<ReadonlyMap<string, PageFile>> {
  const files = new Map<string, PageFile>();
  for (const [path, [name, type]] of FILES) {
    try {
      files.set(path, { type, bytes: await readFile(new URL(name, DIRECTORY)) });
    } catch (cause) {
      throw new ExploreError('SSTITCH_NOT_FOUND', `a file of the page is missing: ${name}`, {
        cause,
      });
    }
  }
  return files;
}
