// Stores written from several processes at once: one store for each process, and one store for all.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const CHILD = fileURLToPath(new URL('cluster-writer-child.mjs', import.meta.url));
const SECONDS = 10;

export async function measureProcesses(setting) {
  const rows = [];
  /** @type {[title: string, processes: number, storeOf: (process: number) => string][]} */
  const settings = [
    ['1 store, 1 process', 1, (process) => `alone ${process}`],
    ['3 stores, 3 processes', 3, (process) => `three ${process}`],
    ['10 stores, 10 processes', 10, (process) => `ten ${process}`],
    ['1 store, 10 processes', 10, () => 'shared'],
  ];
  for (const [title, processes, storeOf] of settings) {
    const results = await runTogether(processes, (process) => ({
      ...setting,
      store: storeOf(process),
      seconds: SECONDS,
    }));
    const sum = (figure) => results.reduce((total, result) => total + result[figure], 0);
    const worst = Math.max(...results.map(({ longestMs }) => longestMs));
    const least = Math.min(...results.map(({ puts }) => puts));
    rows.push([
      title,
      (sum('puts') / SECONDS).toFixed(0),
      (least / SECONDS).toFixed(0),
      (worst / 1000).toFixed(2),
      (sum('entries') / SECONDS).toFixed(0),
    ]);
  }
  return {
    title:
      'Stores written from several processes at once; three nodes and all processes share the cores',
    columns: [
      '',
      'puts/s, 16 at once a process',
      'least of a process',
      'longest wait, s',
      'then: entries/s of replacements',
    ],
    rows,
  };
}

/** The children begin together, once each has opened its store. */
async function runTogether(count, settingOf) {
  const children = Array.from({ length: count }, (_, at) =>
    fork(CHILD, [JSON.stringify(settingOf(at))]),
  );
  const phase = async () => {
    const messages = children.map((child) => once(child, 'message'));
    return (await Promise.all(messages)).map(([message]) => message);
  };
  const ready = phase();
  await ready;
  let results = [];
  for (const begin of ['put', 'replace']) {
    const done = phase();
    for (const child of children) child.send(begin);
    results = (await done).map((result, at) => ({ ...results[at], ...result }));
  }
  await Promise.all(
    children.map(async (child) => {
      const ended = once(child, 'exit');
      child.disconnect();
      await ended;
    }),
  );
  return results;
}
