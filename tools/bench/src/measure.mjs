// Measures peers on datasets: each is loaded once, then they take turns, round by round, each with a fresh copy
// of its base, in which it replaces the sync twice. At the end each base is dumped and its digest compared.
import { mkdirSync, mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { freshCopy } from './fresh-copy.mjs';
import { digestPeer, loadPeer, Replacer } from './peer-process.mjs';
import { median } from './report.mjs';

/** A peer that takes longer than this runs few rounds. */
const SLOW_MS = 5000;
const SLOW_ROUNDS = 2;
/**
 * A peer that takes less than this warms up for longer, whatever its language: V8 optimises its code for some
 * twenty rounds. The first round of a process has a row of its own.
 */
const FAST_MS = 1000;
const FAST_WARM_UPS = 20;

/**
 * @typedef {object} Measured
 * @property {string} name
 * @property {string} title
 * @property {string} [version]
 * @property {string} [notMeasured] why not
 * @property {boolean} [failed] it could not be measured because it failed or holds wrong entries
 * @property {number} [loadMs]
 * @property {number} [firstMs] of the first warm-up, in a fresh process
 * @property {number[]} [warmUpMs] of each warm-up
 * @property {number[]} [replaceMs] of each round, the first replacement
 * @property {number} [medianMs] of these
 * @property {number} [againMs] median of the second replacements
 * @property {number} [closeMs] median of closing the base: what was deferred until then
 * @property {any[]} [replies] the driver's reply of each round
 */

/**
 * Measures peers on one dataset.
 *
 * @param {object} run
 * @param {Awaited<ReturnType<typeof import('./dataset.mjs').makeDataset>>} run.dataset
 * @param {readonly import('./peers.mjs').Peer[]} run.peers
 * @param {number} run.rounds
 * @param {string} run.directory for the databases, all on one file system. The caller removes them at the end:
 * fresh-copy.mjs explains why removing files slows down whatever creates files next
 * @param {(database: string, directory: string) => Promise<boolean>} [run.loadBase] if it returns true, it has
 * created a base in place of the peer's own load
 * @returns {Promise<Measured[]>}
 */
export async function measure({ dataset, ...run }) {
  const [measured] = await measureAll({ datasets: [dataset], ...run });
  return measured;
}

/**
 * Measures peers on several datasets whose results will be compared. All take turns, because a machine may be a
 * third slower half an hour later. Returns the results of `measure` by dataset.
 *
 * @returns {Promise<Measured[][]>}
 */
export async function measureAll({ datasets, rounds, directory, ...run }) {
  const live = [];
  try {
    const measured = [];
    for (const dataset of datasets) {
      measured.push(
        await begin(live, { dataset, directory: mkdtempSync(join(directory, 'measure-')), ...run }),
      );
    }
    for (let round = 1; round <= FAST_WARM_UPS; round++) {
      for (const one of live) await warmUp(one, round);
    }
    for (let round = 1; round <= rounds; round++) {
      for (const one of live) await playRound(one, round);
    }
    for (const one of live) await finish(one);
    return measured;
  } finally {
    for (const { replacer } of live) replacer.kill();
  }
}

/**
 * Loads the peers' databases and starts the peers.
 *
 * @param {any[]} live
 * @param {any} run
 */
async function begin(live, { dataset, peers, directory, loadBase }) {
  const loaded = new Map();
  const measured = [];
  for (const peer of peers) {
    /** @type {Measured} */
    const row = { name: peer.name, title: peer.title };
    measured.push(row);
    await orNotMeasured(row, async () => {
      const driver = await peer.prepare();
      row.version = driver.version;
      const { database } = peer;
      const loads = join(directory, database);
      const paths = {
        base: join(loads, 'base'),
        source: join(loads, 'source'),
        second: join(loads, 'second'),
      };
      if (!loaded.has(database)) {
        console.error(`loading ${database} ...`);
        mkdirSync(loads);
        loaded.set(database, await load(driver, peer, dataset, paths, loadBase));
      }
      row.loadMs = loaded.get(database);
      // Separate copies: sources stay open, and most databases lock their directory.
      const sources = ['source', 'second'].map((name) => {
        const copy = join(loads, `${name}-${peer.name}`);
        freshCopy(paths[name], copy);
        return copy;
      });
      const replacer = new Replacer(driver, peer, sources, dataset.files.spans);
      const round = join(directory, `round-${peer.name}`);
      live.push({ dataset, peer, driver, row, paths, replacer, round });
      row.warmUpMs = [];
      row.replies = [];
    });
  }
  return measured;
}

async function load(driver, peer, dataset, paths, loadBase) {
  const { files } = dataset;
  await loadPeer(driver, peer, paths.source, files.source);
  await loadPeer(driver, peer, paths.second, files.second);
  if (await loadBase?.(peer.database, paths.base)) return undefined;
  return (await loadPeer(driver, peer, paths.base, files.base)).loadMs;
}

async function warmUp(one, round) {
  const { row } = one;
  if (round > 1 && !(row.warmUpMs.at(-1) < FAST_MS)) return;
  const reply = await replaceOnce(one, `warm-up ${round}`);
  if (reply !== undefined) row.warmUpMs.push(reply.replaceMs);
}

async function playRound(one, round) {
  const { row } = one;
  const slow = row.warmUpMs[0] > SLOW_MS || row.replies.some((reply) => reply.replaceMs > SLOW_MS);
  if (slow && round > SLOW_ROUNDS) return;
  const reply = await replaceOnce(one, `round ${round}`);
  if (reply !== undefined) row.replies.push(reply);
}

/** Returns the driver's reply, unless the peer is not measured. */
async function replaceOnce({ row, paths, replacer, round: directory }, title) {
  if (row.notMeasured !== undefined) return undefined;
  let done;
  await orNotMeasured(row, async () => {
    freshCopy(paths.base, directory);
    const reply = await replacer.replaceIn(directory);
    if (reply.refused !== undefined) {
      row.notMeasured = reply.refused;
      return;
    }
    done = reply;
    const { replaceMs, againMs } = reply;
    console.error(`${title}: ${row.title} ${replaceMs.toFixed(1)} ms, ${againMs.toFixed(1)} ms`);
  });
  return done;
}

async function finish({ dataset, peer, driver, row, replacer, round: directory }) {
  if (row.notMeasured !== undefined) return;
  await orNotMeasured(row, async () => {
    await replacer.close();
    const digest = await digestPeer(driver, peer, directory);
    if (digest !== dataset.expected.digest)
      throw new Error('the base holds wrong entries at the end');
    row.firstMs = row.warmUpMs[0];
    row.replaceMs = row.replies.map(({ replaceMs }) => replaceMs);
    row.medianMs = median(row.replaceMs);
    row.againMs = median(row.replies.map(({ againMs }) => againMs));
    row.closeMs = median(row.replies.map(({ closeMs }) => closeMs));
  });
}

/** Runs `work`; records why a peer is missing or fails, and lets the others continue. */
async function orNotMeasured(row, work) {
  try {
    await work();
  } catch (error) {
    row.notMeasured = error.message;
    row.failed = row.version !== undefined;
    console.error(`${row.title}: ${error.message}`);
  }
}
