/// <reference lib="dom" />
// The page in a real browser, headless.
import { renameSync, rmSync } from 'node:fs';
import { Store } from '@sstitch/engine';
import { SyncStore } from '@sstitch/records';
import axe from 'axe-core';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  entitlementId,
  HOSTILE_NAMES,
  makeExampleStore,
  NEW_SYNC,
  OLD_SYNC,
} from '../src/example-store.test-support.js';
import { type Explorer, explore } from '../src/explore.js';
import { findChromium, launchBrowser } from './chromium.js';

const CHROMIUM = findChromium(process.env['SSTITCH_CHROMIUM']);
const DATABASE_ADMIN = entitlementId(['app', 'production-db'], 'admin');
const SYNC = `#/sync/${NEW_SYNC}`;
const ANN = `${SYNC}/resource/user/user-0000`;
const ADMIN = `${SYNC}/entitlement/${encodeURIComponent(DATABASE_ADMIN)}`;

/** Every view, and the text that it shows. */
const VIEWS: ReadonlyArray<readonly [address: string, shows: string]> = [
  ['#/', OLD_SYNC],
  [SYNC, 'Production DB'],
  [`${SYNC}?view=entitlements`, 'Admin'],
  [`${SYNC}?view=grants`, 'Engineering'],
  [ANN, 'Read'],
  [`${ANN}?view=graph`, 'Engineering'],
  [`${ANN}?view=record`, 'Discovered'],
  [`${SYNC}/resource/app/production-db?view=holders`, 'Ann Archer'],
  [`${SYNC}/resource/app/production-db?view=entitlements`, 'Admin'],
  [ADMIN, 'Ann Archer'],
  [`${ADMIN}?view=graph`, 'Ann Archer'],
  [`${SYNC}/why/user/user-0000/${encodeURIComponent(DATABASE_ADMIN)}`, 'by one path'],
  [`#/compare/${OLD_SYNC}/${NEW_SYNC}`, '5 users gained'],
  ['#/levels', 'in the log'],
  ['#/generations', 'current'],
  ['#/nothing', 'nothing at this address'],
];

describe.skipIf(CHROMIUM === undefined)('the page', () => {
  let directory: string;
  let location: string;
  let explorer: Explorer;
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  /** Errors, and requests to other hosts, neither of which any test may cause. */
  let faults: string[];

  beforeAll(async () => {
    ({ directory, location } = await makeExampleStore());
    explorer = await explore(location);
    browser = await launchBrowser(CHROMIUM ?? '');
  });
  afterAll(async () => {
    await browser.close();
    await explorer.close();
    rmSync(directory, { recursive: true, force: true });
  });
  beforeEach(async () => {
    await openPage('light');
  });
  afterEach(async () => {
    await context.close();
    expect(faults).toEqual([]);
  });

  async function openPage(colorScheme: 'light' | 'dark'): Promise<void> {
    faults = [];
    context = await browser.newContext({ colorScheme, viewport: { width: 1280, height: 800 } });
    context.setDefaultTimeout(0);
    page = await context.newPage();
    page.on('pageerror', (error) => faults.push(String(error)));
    page.on('console', (message) => {
      if (message.type() === 'error') faults.push(message.text());
    });
    page.on('request', (request) => {
      const { origin, protocol } = new URL(request.url());
      if (protocol !== 'data:' && origin !== new URL(explorer.url).origin) {
        faults.push(request.url());
      }
    });
    await page.goto(explorer.url);
    await shows(OLD_SYNC);
  }

  const shows = (text: string) => page.getByText(text).first().waitFor({ state: 'attached' });
  /** For a test that causes faults: leaves the page first, which may have requests in progress. */
  const forgetFaults = async () => {
    await page.goto('about:blank');
    faults = [];
  };
  const focused = () => page.evaluate(() => document.activeElement?.textContent);

  async function visit(address: string, text: string): Promise<void> {
    await page.evaluate((hash) => {
      globalThis.location.hash = hash;
    }, address);
    await page.locator('main').getByText(text).first().waitFor({ state: 'attached' });
  }

  it('takes the token out of the address, and answers to a reload without it', async () => {
    expect(page.url()).toBe(`${new URL(explorer.url).origin}/`);
    await page.reload();
    await shows(OLD_SYNC);
    expect(await page.title()).toBe('example – sstitch explore');
  });

  it.each(VIEWS)('has a link to %s', async (address, text) => {
    await page.goto(new URL(explorer.url).origin + address.replace('#', '/#'));
    await page.locator('main').getByText(text).first().waitFor({ state: 'attached' });
  });

  describe.each(['light', 'dark'] as const)('in %s colours', (colors) => {
    it('has no accessibility fault that axe finds, in any view', async () => {
      await context.close();
      await openPage(colors);
      // The debugger injects axe, because the page's policy runs no other script.
      for (const [address, text] of VIEWS) {
        await visit(address, text);
        expect(await axeFindings(page), address).toEqual([]);
      }
      await page.keyboard.press('/');
      await page.keyboard.type('a');
      await page.getByRole('option').first().waitFor();
      expect(await axeFindings(page), 'search').toEqual([]);
    });
  });

  it('fits a narrow window: only tables and graphs scroll sideways', async () => {
    await page.setViewportSize({ width: 390, height: 800 });
    for (const [address, text] of VIEWS) {
      await visit(address, text);
      const widthPixels = await page.evaluate(() => document.documentElement.scrollWidth);
      expect(widthPixels, address).toBe(390);
    }
  });

  it('keeps the footer in its place while a view is read', async () => {
    const footer = page.locator('footer');
    const { y } = (await footer.boundingBox()) ?? {};
    for (const [address, text] of VIEWS) {
      await visit(address, text);
      expect(await footer.boundingBox(), address).toMatchObject({ y });
    }
  });

  it('reads the names before the first key press', async () => {
    const asked = page.waitForResponse((response) => response.url().includes('/api/names?'));
    await page.reload();
    expect((await asked).status()).toBe(200);
    expect(await page.getByRole('combobox', { name: 'Search' }).inputValue()).toBe('');
  });

  it('shows why a search has failed', async () => {
    await page.route('**/api/search?*', (route) =>
      route.fulfill({
        status: 503,
        contentType: 'application/json',
        body: JSON.stringify({ error: { code: 'SSTITCH_ABORTED', message: 'the disk is gone' } }),
      }),
    );
    await page.keyboard.press('/');
    await page.keyboard.type('arch');
    await page.locator('#found + [role=status]', { hasText: 'the disk is gone' }).waitFor();
    await forgetFaults();
  });

  it('searches as the user types, and works with the keyboard only', async () => {
    await page.keyboard.press('/');
    await page.keyboard.type('arch');
    await page.getByRole('option', { name: 'Ann Archer' }).waitFor();
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Ann Archer' }).waitFor();
    expect(page.url()).toContain(ANN);
    // The rows come after the heading.
    await page.locator('[data-row]').first().waitFor();
    await page.keyboard.press('ArrowDown');
    expect(await focused()).toBe('Read');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowDown');
    expect(await focused()).toBe('Admin');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Admin on Production DB' }).waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('heading', { name: 'Ann Archer' }).waitFor();
  });

  it('moves between pages in both directions', async () => {
    await visit(`${SYNC}?type=user`, 'Ann Archer');
    expect(await page.getByRole('row').count()).toBe(101);
    await page.getByRole('link', { name: 'Next page' }).click();
    await shows('z-markup');
    expect(await page.getByRole('row').count()).toBe(56);
    await page.goBack();
    await page.getByText('Ann Archer').waitFor();
    await page.getByLabel('Type').selectOption('group');
    await page.getByText('Engineering').first().waitFor();
    expect(await page.getByRole('row').count()).toBe(3);
  });

  it('shows hostile names as text on one line, and escapes invisible characters', async () => {
    await visit(`${SYNC}?type=user`, 'Ann Archer');
    await page.getByRole('link', { name: 'Next page' }).click();
    await shows('z-markup');
    const main = page.locator('main');
    expect(await main.locator('img').count()).toBe(0);
    expect(await main.getByText(HOSTILE_NAMES.markup).count()).toBe(1);
    const text = (await main.textContent()) ?? '';
    expect(text).toContain('gnp\\u{202e}gpj.exe');
    expect(text).toContain('red\\u{1b}[31mred\\u{7}');
    for (const unseen of ['\u0007', '\u001b', '\u202e']) expect(text).not.toContain(unseen);
    const heights = await page
      .locator('tbody tr')
      .evaluateAll((rows) => rows.map((row) => row.getBoundingClientRect().height));
    expect(Math.max(...heights)).toBeLessThan(36);
    const width = await page.evaluate(() => document.documentElement.scrollWidth);
    expect(width).toBe(1280);
    expect(await page.title()).toBe('example – sstitch explore');
  });

  it('offers a list as a file', async () => {
    await visit(ADMIN, 'Ann Archer');
    const download = page.waitForEvent('download');
    await page.getByRole('link', { name: 'CSV' }).click();
    expect((await download).suggestedFilename()).toBe('holders.csv');
  });

  it('keeps the colours that were chosen', async () => {
    await page.getByRole('button', { name: 'Use dark colours' }).click();
    await page.reload();
    await page.getByRole('button', { name: 'Use light colours' }).waitFor();
    const ground = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    expect(ground).toBe('rgb(16, 19, 23)');
  });

  it('shows later writes after a refresh', async () => {
    const store = new Store<Uint8Array, Uint8Array>(location, {
      keyEncoding: 'view',
      valueEncoding: 'view',
    });
    const { syncId } = await new SyncStore(store).startSync();
    expect(await page.getByRole('main').getByText(syncId).count()).toBe(0);
    await page.getByRole('button', { name: 'Refresh' }).click();
    await page.getByRole('main').getByText(syncId).waitFor();
    await store.close();
  });

  it('reports that the store has gone, and still shows it', async () => {
    const made = await makeExampleStore();
    const other = await explore(made.location);
    await page.goto(other.url);
    await shows(OLD_SYNC);
    renameSync(made.location, `${made.location}-moved`);
    await page.getByRole('button', { name: 'Refresh' }).click();
    await page.getByRole('alert').filter({ hasText: 'moved or removed' }).waitFor();
    await visit(ANN, 'Admin');
    expect(await axeFindings(page)).toEqual([]);
    const width = await page.evaluate(() => document.documentElement.scrollWidth);
    expect(width).toBe(1280);
    renameSync(`${made.location}-moved`, made.location);
    await page.getByRole('button', { name: 'Refresh' }).click();
    await page.getByRole('alert').waitFor({ state: 'detached' });
    await forgetFaults();
    await other.close();
    rmSync(made.directory, { recursive: true });
  });

  it('reports that the server has ended', async () => {
    const other = await explore(location);
    await page.goto(other.url);
    await shows(OLD_SYNC);
    await other.close();
    await page.evaluate(() => {
      globalThis.location.hash = '#/levels';
    });
    await page
      .getByRole('alert')
      .filter({ hasText: 'run sstitch explore again' })
      .first()
      .waitFor();
    await forgetFaults();
  });
});

/** What axe finds wrong, by the rule's name and the element. */
async function axeFindings(page: Page): Promise<readonly string[]> {
  await page.evaluate(axe.source);
  return page.evaluate(async () => {
    const { axe: axeInPage } = globalThis as unknown as { readonly axe: typeof axe };
    const { violations } = await axeInPage.run();
    return violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`));
  });
}
