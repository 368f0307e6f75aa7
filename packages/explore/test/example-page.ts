/// <reference lib="dom" />
// The page of an example store in a headless browser, for tests.
import { rmSync } from 'node:fs';
import axe from 'axe-core';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect } from 'vitest';
import {
  entitlementId,
  makeExampleStore,
  NEW_SYNC,
  OLD_SYNC,
} from '../src/example-store.test-support.js';
import { type Explorer, explore } from '../src/explore.js';
import { findChromium, launchBrowser } from './chromium.js';

const CHROMIUM = findChromium(process.env['SSTITCH_CHROMIUM']);
const DATABASE_ADMIN = entitlementId(['app', 'production-db'], 'admin');

export const SYNC = `#/sync/${NEW_SYNC}`;
export const ANN = `${SYNC}/resource/user/user-0000`;
export const ADMIN = `${SYNC}/entitlement/${encodeURIComponent(DATABASE_ADMIN)}`;

/** Every view, and the text that it shows. */
export const VIEWS: ReadonlyArray<readonly [address: string, shows: string]> = [
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

/** The page in a browser. Each test has a context of its own, in which the page shows the store's syncs. */
export class ExamplePage {
  readonly explorer: Explorer;
  readonly #browser: Browser;
  readonly #example: { readonly directory: string; readonly location: string };
  #context: BrowserContext | undefined;
  #page: Page | undefined;
  /** Errors, and requests to other hosts, neither of which any test may cause. */
  faults: string[] = [];

  private constructor(
    explorer: Explorer,
    browser: Browser,
    example: { readonly directory: string; readonly location: string },
  ) {
    this.explorer = explorer;
    this.#browser = browser;
    this.#example = example;
  }

  static async make(): Promise<ExamplePage> {
    const example = await makeExampleStore();
    return new ExamplePage(
      await explore(example.location),
      await launchBrowser(CHROMIUM ?? ''),
      example,
    );
  }

  get location(): string {
    return this.#example.location;
  }

  get page(): Page {
    if (this.#page === undefined) throw new Error('no test runs');
    return this.#page;
  }

  async open(colorScheme: 'light' | 'dark' = 'light'): Promise<void> {
    await this.#context?.close();
    this.faults = [];
    this.#context = await this.#browser.newContext({
      colorScheme,
      viewport: { width: 1280, height: 800 },
    });
    this.#context.setDefaultTimeout(0);
    const page = await this.#context.newPage();
    this.#page = page;
    page.on('pageerror', (error) => this.faults.push(String(error)));
    page.on('console', (message) => {
      if (message.type() === 'error') this.faults.push(message.text());
    });
    page.on('request', (request) => {
      const { origin, protocol } = new URL(request.url());
      if (protocol !== 'data:' && origin !== new URL(this.explorer.url).origin) {
        this.faults.push(request.url());
      }
    });
    await page.goto(this.explorer.url);
    await this.isLoaded();
  }

  async closeContext(): Promise<void> {
    await this.#context?.close();
    this.#context = undefined;
    this.#page = undefined;
  }

  async close(): Promise<void> {
    await this.#browser.close();
    await this.explorer.close();
    rmSync(this.#example.directory, { recursive: true, force: true });
  }

  /** Waits until the page shows the syncs, and has the title of the store: two answers, in any order. */
  async isLoaded(): Promise<void> {
    await this.shows(OLD_SYNC);
    await expect.poll(() => this.page.title()).toMatch(/ – sstitch explore$/);
  }

  shows(text: string): Promise<void> {
    return this.page.getByText(text).first().waitFor({ state: 'attached' });
  }

  async visit(address: string, text: string): Promise<void> {
    await this.page.evaluate((hash) => {
      globalThis.location.hash = hash;
    }, address);
    await this.page.locator('main').getByText(text).first().waitFor({ state: 'attached' });
  }

  /** For a test that causes faults: leaves the page first, which may have requests in progress. */
  async forgetFaults(): Promise<void> {
    await this.page.goto('about:blank');
    this.faults = [];
  }

  /** What axe finds wrong, by the rule's name and the element. */
  async axeFindings(): Promise<readonly string[]> {
    // The debugger injects axe, because the page's policy runs no other script.
    await this.page.evaluate(axe.source);
    return this.page.evaluate(async () => {
      const { axe: axeInPage } = globalThis as unknown as { readonly axe: typeof axe };
      const { violations } = await axeInPage.run();
      return violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`));
    });
  }
}

/** Defines tests of the page, which are skipped where there is no Chromium. */
export function describePage(name: string, define: (example: () => ExamplePage) => void): void {
  describe.skipIf(CHROMIUM === undefined)(name, () => {
    let example: ExamplePage;
    beforeAll(async () => {
      example = await ExamplePage.make();
    });
    afterAll(() => example.close());
    beforeEach(() => example.open());
    afterEach(async () => {
      await example.closeContext();
      expect(example.faults).toEqual([]);
    });
    define(() => example);
  });
}
