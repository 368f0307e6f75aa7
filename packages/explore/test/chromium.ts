// Finds and starts Chromium, for tests in a browser.
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

/**
 * Finds Chromium's program, and warns if there is none.
 *
 * @param named the path that the user named
 */
export function findChromium(named: string | undefined): string | undefined {
  const found = named || PLACES.find((place) => existsSync(place));
  if (found === undefined) {
    console.warn('no Chromium: tests of the page are skipped (SSTITCH_CHROMIUM names one)');
  }
  return found;
}

export function launchBrowser(executablePath: string): Promise<Browser> {
  return chromium.launch({
    executablePath,
    // The test runner ends what hangs. A busy machine may take its time.
    timeout: 0,
    // Chromium's sandbox does not run as root, which is the user in many containers.
    args: process.getuid?.() === 0 ? ['--no-sandbox'] : [],
  });
}
