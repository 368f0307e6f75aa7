/// <reference lib="dom" />
// What the page shows when answers are late, or overtake each other.
import { rmSync } from 'node:fs';
import { Store } from '@sstitch/engine';
import type { Page, Request, Route } from 'playwright-core';
import { expect, it } from 'vitest';
import { makeExampleStore, OLD_SYNC } from '../src/example-store.test-support.js';
import { explore } from '../src/explore.js';
import { ANN, describePage } from './example-page.js';

/** The time between two checks for a newer generation. */
const LOOK_MS = 5000;

/** Holds the answers to some requests. The first promise fulfils when one is held; the function lets them go. */
async function holdAnswers(page: Page, address: string, isHeld: (request: Request) => boolean) {
  let release: () => void = () => undefined;
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  let onHeld: (route: Route) => void = () => undefined;
  const held = new Promise<Route>((resolve) => {
    onHeld = resolve;
  });
  await page.route(address, async (route) => {
    if (!isHeld(route.request())) return route.continue();
    const response = await route.fetch();
    onHeld(route);
    await released;
    // The page may have given up.
    await route.fulfill({ response }).catch(() => undefined);
  });
  return { held, release };
}

describePage('the page, when answers are late', (example) => {
  it('shows the generation of a refresh, although an earlier answer arrives after that', async () => {
    const { page } = example();
    const made = await makeExampleStore();
    const other = await explore(made.location);
    await page.clock.install();
    await page.goto(other.url);
    await example().shows(OLD_SYNC);
    const generation = page.locator('.store .mono');
    expect(await generation.textContent()).toBe('gen-000001');
    const isLook = (request: Request) => !request.url().includes('refresh');
    const { held, release } = await holdAnswers(page, '**/api/store?*', isLook);
    await page.clock.fastForward(LOOK_MS);
    await held;
    const store = new Store(made.location);
    await store.excise([]);
    await store.close();
    await page.getByRole('button', { name: 'Refresh' }).click();
    await generation.filter({ hasText: 'gen-000002' }).waitFor();
    release();
    // The page takes what comes before this answer.
    await page.evaluate(() => fetch('/api/store?refresh=1').then((response) => response.text()));
    expect(await generation.textContent()).toBe('gen-000002');
    await example().forgetFaults();
    await other.close();
    rmSync(made.directory, { recursive: true });
  });

  it('opens what is found for the whole text, although Enter comes before that', async () => {
    const { page } = example();
    await page.keyboard.press('/');
    await page.keyboard.type('staff');
    await page.getByRole('option', { name: 'Staff' }).first().waitFor();
    const { held, release } = await holdAnswers(page, '**/api/search?*', () => true);
    await page.keyboard.press('ControlOrMeta+A');
    await page.keyboard.type('arch');
    await page.keyboard.press('Enter');
    expect(await page.evaluate(() => globalThis.location.hash)).toBe('');
    await held;
    release();
    await page.getByRole('heading', { name: 'Ann Archer' }).waitFor();
    expect(page.url()).toContain(ANN);
  });

  it('follows an address that changes before its first frame', async () => {
    const { page } = example();
    await page.addInitScript(() => {
      const observer = new MutationObserver(() => {
        if (!document.getElementById('page')?.hasChildNodes()) return;
        observer.disconnect();
        globalThis.location.hash = '#/levels';
      });
      observer.observe(document, { childList: true, subtree: true });
    });
    await page.reload();
    const heading = page.locator('main h1').first();
    await heading.waitFor({ state: 'attached' });
    expect(await heading.textContent()).toBe('Levels');
  });
});
