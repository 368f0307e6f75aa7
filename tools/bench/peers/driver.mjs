// The protocol of a peer's driver, implemented for drivers in JavaScript; those in C, C++ and Go implement the same.
//
//   load DIRECTORY ENTRIES     creates a database from a file of entries and settles it; prints {"loadMs"}
//   replace FIRST SECOND SPANS opens these databases as sources, then for each line of standard input opens the
//                              base in that directory, replaces its spans by the first source's, then by the
//                              second's, closes it, and prints {"replaceMs", "againMs", "closeMs"}, or
//                              {"refused"} with the reason
//   dump DIRECTORY             prints all entries in key order, in the format of entries-file.mjs
//   version                    prints its library's version; compiled drivers only
//
// Only the replacements are timed: all databases are open before, and their writes are durable at their end.
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { packPage, readEntries } from '../src/entries-file.mjs';

/**
 * @param {object} peer
 * @param {(directory: string, role: 'base' | 'source') => Promise<any>} peer.open
 * @param {(database: any, pages: AsyncIterable<[Buffer, Buffer][]>) => Promise<void>} peer.load
 * @param {(base: any, source: any, spans: [Buffer, Buffer][]) => Promise<object | void>} peer.replace
 *   returns further members of the reply; `refused` if the peer cannot do this at all
 * @param {(database: any) => AsyncIterable<[Uint8Array, Uint8Array][]>} peer.pages
 */
export async function servePeer(peer) {
  const [command, directory, file, spansFile] = process.argv.slice(2);
  if (command === 'load') {
    const start = performance.now();
    const database = await peer.open(directory, 'base');
    await peer.load(database, readEntries(file));
    await database.close();
    reply({ loadMs: performance.now() - start });
  } else if (command === 'replace') {
    await serveRounds(peer, [directory, file], spansFile);
  } else if (command === 'dump') {
    const database = await peer.open(directory, 'base');
    for await (const page of peer.pages(database)) {
      if (!process.stdout.write(packPage(page))) await once(process.stdout, 'drain');
    }
    await database.close();
  } else {
    throw new Error(`no such command: ${command}`);
  }
}

async function serveRounds(peer, sourceDirectories, spansFile) {
  const spans = [];
  for await (const page of readEntries(spansFile)) spans.push(...page);
  const [first, second] = await Promise.all(
    sourceDirectories.map((directory) => peer.open(directory, 'source')),
  );
  for await (const baseDirectory of createInterface({ input: process.stdin })) {
    const base = await peer.open(baseDirectory, 'base');
    const start = performance.now();
    const details = (await peer.replace(base, first, spans)) ?? {};
    const replaced = performance.now();
    await peer.replace(base, second, spans);
    const replacedAgain = performance.now();
    await base.close();
    reply({
      replaceMs: replaced - start,
      againMs: replacedAgain - replaced,
      closeMs: performance.now() - replacedAgain,
      ...details,
    });
  }
  await Promise.all([first.close(), second.close()]);
}

function reply(message) {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}
