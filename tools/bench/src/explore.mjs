// Measures the page of `sstitch explore` in headless Chromium, on a store of a large sync: the first paint, and when
// the answers to questions are on the screen. The program runs as a user starts it, in a process of its own.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Store } from '@sstitch/engine';
import { loadSyntheticSync } from '@sstitch/testkit';
import { chromium } from 'playwright-core';
import { median } from './report.mjs';
import { reportTable } from './results.mjs';
import { inRunDirectory, wholeNumbers } from './run-directory.mjs';

const PROGRAM = fileURLToPath(new URL('../../../packages/cli/dist/main.js', import.meta.url));

/** What is typed into the search, by round: the beginning of ids at first. */
const NAMES = ['user-00012', 'group-00', 'everyone', 'user-00020'];
/** Text that is inside a few names only, of which none is among the first to be read. */
const RARE_NAME = 'everyone';

const { values: flags } = parseArgs({
  options: {
    grants: { type: 'string', default: '1000000' },
    rounds: { type: 'string', default: '7' },
    chromium: { type: 'string', default: '/usr/bin/chromium' },
    directory: { type: 'string' },
  },
});
const [grants] = wholeNumbers('grants', flags.grants);
const [rounds] = wholeNumbers('rounds', flags.rounds);
if (!existsSync(flags.chromium)) {
  console.error(`not run: there is no Chromium at ${flags.chromium} (--chromium PATH)`);
  process.exit(0);
}

await inRunDirectory(async (directory) => {
  const location = join(directory, 'store');
  console.error(`making a store of a sync of ${grants} grants ...`);
  const store = new Store(location, { keyEncoding: 'view', valueEncoding: 'view' });
  const { syncId } = await loadSyntheticSync(store, { grants });
  await store.close();

  const started = performance.now();
  const explorer = spawn(process.execPath, [PROGRAM, 'explore', location, '--no-open'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = await once(createInterface(explorer.stdout), 'line');
  const [url] = /http:\S+/.exec(line);
  const startMs = performance.now() - started;
  const browser = await chromium.launch({
    executablePath: flags.chromium,
    args: process.getuid?.() === 0 ? ['--no-sandbox'] : [],
  });
  try {
    const times = new Map();
    const note = (what, ms) => times.set(what, [...(times.get(what) ?? []), ms]);
    note('from the command to its URL', startMs);
    for (let round = 0; round < rounds; round++) await visit(browser, url, syncId, round, note);
    const rows = [...times].map(([what, all]) => [
      what,
      median(all).toFixed(0),
      Math.max(...all).toFixed(0),
    ]);
    reportTable('explore', { columns: [`${grants} grants`, 'median ms', 'slowest ms'], rows });
  } finally {
    await browser.close();
    explorer.kill('SIGINT');
  }
}, flags.directory);

async function visit(browser, url, syncId, round, note) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  const page = await context.newPage();
  context.setDefaultTimeout(0);
  const until = async (what, work) => {
    const start = performance.now();
    await work();
    note(what, performance.now() - start);
  };
  const go = (hash) => page.evaluate((to) => (globalThis.location.hash = to), hash);
  const rows = () => page.locator('main tbody tr').first().waitFor({ state: 'attached' });
  await until('list of syncs shown', async () => {
    await page.goto(url);
    await page.getByText(syncId).first().waitFor({ state: 'attached' });
  });
  const paints = await page.evaluate(() =>
    // The types are Node's, which has no such entries.
    performance
      .getEntriesByType(/** @type {any} */ ('paint'))
      .map(({ name, startTime }) => [name, startTime]),
  );
  for (const [name, ms] of paints) note(name.replaceAll('-', ' '), ms);
  await until('a sync opened', async () => {
    await go(`#/sync/${syncId}`);
    await rows();
  });
  const search = page.getByRole('combobox').first();
  const found = () => page.locator('#found [role=option]').first().waitFor({ state: 'attached' });
  const first = round === 0;
  await until(first ? 'first search: ids' : 'search: names', async () => {
    await search.fill(NAMES[round % NAMES.length]);
    await found();
  });
  if (first) {
    await until('first search: a rare name', async () => {
      await search.fill(RARE_NAME);
      await page.locator('#found [role=option]', { hasText: RARE_NAME }).first().waitFor();
    });
    await until('first search: all names read', () =>
      page.getByText('Reading names').first().waitFor({ state: 'detached' }),
    );
  }
  await context.close();
}
