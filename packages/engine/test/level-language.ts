// The language of golden/levels.txt: operations on a store, and the levels that result.
//
//   put a..e               puts the keys a to e
//   del b                  deletes a key
//   compact                compacts all levels; the memtable becomes a table
//   excise [b,d) [f,g)     removes the keys of spans
//   replace [b,d) b c      replaces the contents of a span with these keys
//   levels                 prints the tables of each level
//
// A table is printed as its entries, with "-" before each deletion: `a b -c d`. Tables that share a file are in braces,
// with a letter for the file.
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { nodeFileSystem, TableReader, typeOf, userKeyOf } from '@sstitch/sst';
import { tableFileName } from '../src/leveldb/file-names.js';
import { readManifest } from '../src/leveldb/read-manifest.js';
import type { TableEntry } from '../src/leveldb/version-edit.js';
import {
  type ByteStore,
  bytes,
  compactFully,
  currentDirectory,
  openStore,
  pagesOf,
  put,
  span,
  temporaryDirectory,
  text,
} from './store-fixture.js';

/** Runs the lines on a new store. Returns the output of `levels`. */
export async function runLevelLines(lines: readonly string[]): Promise<string> {
  const store = await openStore(join(temporaryDirectory(), 'store'));
  const output: string[] = [];
  for (const line of lines) {
    const [verb, ...words] = line.split(' ');
    if (verb === 'put')
      await put(
        store,
        words.flatMap(keysOf).map((key) => [key, `value ${key}`]),
      );
    else if (verb === 'del') for (const key of words) await store.del(bytes(key));
    else if (verb === 'compact') await compactFully(store);
    else if (verb === 'excise') await store.excise(words.map(spanOf));
    else if (verb === 'replace') await replace(store, words);
    else if (verb === 'levels') output.push(...(await listLevels(store)));
    else throw new Error(`not a line of the language: ${line}`);
  }
  await store.close();
  return output.join('\n');
}

async function replace(store: ByteStore, [replaced = '', ...keys]: readonly string[]) {
  const entries = keys.flatMap(keysOf).map((key): [string, string] => [key, `newer ${key}`]);
  await store.replaceSpans([spanOf(replaced)], pagesOf(new Map(entries)));
}

async function listLevels(store: ByteStore): Promise<string[]> {
  const directory = await currentDirectory(store);
  const listed = readManifest(directory).version.levels.map((tables) =>
    tables.map((table) => ({
      entries: entriesOf(directory, table),
      file: fileOf(directory, table),
    })),
  );
  const files = listed.flat().map(({ file }) => file);
  const shared = [...new Set(files.filter((file, index) => files.indexOf(file) !== index))];
  const lines = listed.flatMap((tables, level) => {
    if (tables.length === 0) return [];
    const texts = tables.map(({ entries, file }) => {
      const letter = shared.indexOf(file);
      return letter < 0 ? `(${entries})` : `${String.fromCharCode(65 + letter)}{${entries}}`;
    });
    return [`L${level} ${texts.join(' ')}`];
  });
  return lines.length === 0 ? ['no tables'] : lines;
}

function entriesOf(directory: string, { number, sizeBytes }: TableEntry): string {
  const path = join(directory, tableFileName(number));
  const reader = TableReader.open(nodeFileSystem, path, { sizeBytes });
  try {
    const entries: string[] = [];
    const iterator = reader.iterator();
    for (iterator.seekToFirst(); iterator.valid; iterator.next()) {
      const key = iterator.key;
      entries.push(`${typeOf(key) === 'deletion' ? '-' : ''}${text(userKeyOf(key))}`);
    }
    return entries.join(' ');
  } finally {
    reader.close();
  }
}

function fileOf(directory: string, { number }: TableEntry): number {
  return statSync(join(directory, tableFileName(number))).ino;
}

/** Returns the keys of a word: `a..e` is a b c d e, and anything else is one key. */
function keysOf(word: string): string[] {
  const [first, last] = word.split('..');
  if (first === undefined || last === undefined) return [word];
  const keys: string[] = [];
  for (let code = first.charCodeAt(0); code <= last.charCodeAt(0); code++) {
    keys.push(String.fromCharCode(code));
  }
  return keys;
}

function spanOf(word: string) {
  const [, start, end] = /^\[([^,]*),([^)]*)\)$/.exec(word) ?? [];
  if (start === undefined) throw new Error(`not a span: ${word}`);
  return span(start, end === '' ? undefined : end);
}
