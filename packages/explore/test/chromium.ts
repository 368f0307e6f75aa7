// Where Chromium is, for tests in a browser: SSTITCH_CHROMIUM, or one of the usual places.
import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

const PLACES = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
];

/** The browser's program; undefined where there is none. */
export const CHROMIUM: string | undefined =
  process.env['SSTITCH_CHROMIUM'] ?? PLACES.find((place) => existsSync(place));

if (CHROMIUM === undefined) {
  console.warn('no Chromium: tests of the page are skipped (SSTITCH_CHROMIUM names one)');
}

export function launchBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: CHROMIUM ?? '',
    // The test runner ends what hangs. A busy machine may take its time.
    timeout: 0,
    // Chromium's sandbox does not run as root, as containers do.
    args: process.getuid?.() === 0 ? ['--no-sandbox'] : [],
  });
}
