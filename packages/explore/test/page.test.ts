/// <reference lib="dom" />
// What a user does on the page, in a real browser, headless.
import { renameSync, rmSync } from 'node:fs';
import { Store } from '@sstitch/engine';
import { SyncStore } from '@sstitch/records';
import { expect, it } from 'vitest';
import { HOSTILE_NAMES, makeExampleStore, OLD_SYNC } from '../src/example-store.test-support.js';
import { explore } from '../src/explore.js';
import { ADMIN, ANN, describePage, SYNC } from './example-page.js';

describePage('the page', (example) => {
  it('takes the token out of the address, and answers to a reload without it', async () => {
    const { page, explorer } = example();
    expect(page.url()).toBe(`${new URL(explorer.url).origin}/`);
    await page.reload();
    await example().isLoaded();
    expect(await page.title()).toBe('example – sstitch explore');
  });

  it('reads the names before the first key press', async () => {
    const { page } = example();
    const asked = page.waitForResponse((response) => response.url().includes('/api/names?'));
    await page.reload();
    expect((await asked).status()).toBe(200);
    expect(await page.getByRole('combobox', { name: 'Search' }).inputValue()).toBe('');
  });

  it('shows why a search has failed', async () => {
    const { page } = example();
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
    await example().forgetFaults();
  });

  it('searches as the user types, and works with the keyboard only', async () => {
    const { page } = example();
    const focused = () => page.evaluate(() => document.activeElement?.textContent);
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

  it('searches the newest sync at an address that names none', async () => {
    const { page } = example();
    await example().visit('#/sync/', 'nothing at this address');
    await page.keyboard.press('/');
    await page.keyboard.type('arch');
    await page.getByRole('option', { name: 'Ann Archer' }).waitFor();
  });

  it('moves between pages in both directions', async () => {
    const { page } = example();
    await example().visit(`${SYNC}?type=user`, 'Ann Archer');
    expect(await page.getByRole('row').count()).toBe(101);
    await page.getByRole('link', { name: 'Next page' }).click();
    await example().shows('z-markup');
    expect(await page.getByRole('row').count()).toBe(56);
    await page.goBack();
    await page.getByText('Ann Archer').waitFor();
    await page.getByLabel('Type').selectOption('group');
    await page.getByText('Engineering').first().waitFor();
    expect(await page.getByRole('row').count()).toBe(3);
  });

  it('shows hostile names as text on one line, and escapes invisible characters', async () => {
    const { page } = example();
    await example().visit(`${SYNC}?type=user`, 'Ann Archer');
    await page.getByRole('link', { name: 'Next page' }).click();
    await example().shows('z-markup');
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

  it('escapes invisible characters wherever it shows a text from data', async () => {
    const { page } = example();
    const shown = 'gnp\\u{202e}gpj.exe';
    await example().visit(`${SYNC}/resource/user/z-bidi?view=record`, 'Description');
    await page.locator('dt:text("Description") + dd', { hasText: shown }).waitFor();
    await example().visit(`${SYNC}?type=app`, 'Production DB');
    await page.locator('option', { hasText: shown }).waitFor({ state: 'attached' });
    await page.evaluate((hash) => {
      globalThis.location.hash = hash;
    }, `${SYNC}/resource/user/gnp%E2%80%AEgpj.exe?view=record`);
    await page.getByRole('alert').filter({ hasText: shown }).waitFor();
    expect(await page.locator('body').textContent()).not.toContain('\u202e');
    await example().forgetFaults();
  });

  it('compares a sync with an older one only, also if it is not among the newest', async () => {
    const { page } = example();
    const changes = page.locator('main tbody tr td:last-child');
    expect(await changes.allTextContents()).toEqual(['since 2026-11-28 08:00', '–']);
    await page.route('**/api/syncs?limit=1000', async (route) => {
      const response = await route.fetch();
      const { items } = (await response.json()) as { readonly items: readonly unknown[] };
      await route.fulfill({ response, json: { items: items.slice(0, 1), next: '1' } });
    });
    await page.reload();
    await changes.first().waitFor();
    expect(await changes.allTextContents()).toEqual(['–', '–']);
  });

  it('offers a list as a file', async () => {
    const { page } = example();
    await example().visit(ADMIN, 'Ann Archer');
    const download = page.waitForEvent('download');
    await page.getByRole('link', { name: 'CSV' }).click();
    expect((await download).suggestedFilename()).toBe('holders.csv');
  });

  it('keeps the colours that were chosen', async () => {
    const { page } = example();
    await page.getByRole('button', { name: 'Use dark colours' }).click();
    await page.reload();
    await page.getByRole('button', { name: 'Use light colours' }).waitFor();
    const ground = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    expect(ground).toBe('rgb(16, 19, 23)');
  });

  it('shows later writes after a refresh', async () => {
    const { page } = example();
    const made = await makeExampleStore();
    const other = await explore(made.location);
    await page.goto(other.url);
    await example().shows(OLD_SYNC);
    const store = new Store<Uint8Array, Uint8Array>(made.location, {
      keyEncoding: 'view',
      valueEncoding: 'view',
    });
    const { syncId } = await new SyncStore(store).startSync();
    expect(await page.getByRole('main').getByText(syncId).count()).toBe(0);
    await page.getByRole('button', { name: 'Refresh' }).click();
    await page.getByRole('main').getByText(syncId).waitFor();
    await store.close();
    await example().forgetFaults();
    await other.close();
    rmSync(made.directory, { recursive: true });
  });

  it('reports that the store has gone, and still shows it', async () => {
    const { page } = example();
    const made = await makeExampleStore();
    const other = await explore(made.location);
    await page.goto(other.url);
    await example().shows(OLD_SYNC);
    renameSync(made.location, `${made.location}-moved`);
    await page.getByRole('button', { name: 'Refresh' }).click();
    await page.getByRole('alert').filter({ hasText: 'moved or removed' }).waitFor();
    await example().visit(ANN, 'Admin');
    expect(await example().axeFindings()).toEqual([]);
    const width = await page.evaluate(() => document.documentElement.scrollWidth);
    expect(width).toBe(1280);
    renameSync(`${made.location}-moved`, made.location);
    await page.getByRole('button', { name: 'Refresh' }).click();
    await page.getByRole('alert').waitFor({ state: 'detached' });
    await example().forgetFaults();
    await other.close();
    rmSync(made.directory, { recursive: true });
  });

  it('reports that the server has ended', async () => {
    const { page, location } = example();
    const other = await explore(location);
    await page.goto(other.url);
    await example().shows(OLD_SYNC);
    await other.close();
    await page.evaluate(() => {
      globalThis.location.hash = '#/levels';
    });
    await page
      .getByRole('alert')
      .filter({ hasText: 'run sstitch explore again' })
      .first()
      .waitFor();
    await example().forgetFaults();
  });
});
