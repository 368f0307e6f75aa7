/// <reference lib="dom" />
// What holds for every view of the page, in a real browser.
import { expect, it } from 'vitest';
import { describePage, VIEWS } from './example-page.js';

describePage('every view of the page', (example) => {
  it('has a link, which shows it when it is opened', async () => {
    const { page, explorer } = example();
    for (const [address, text] of VIEWS) {
      // From another page, so that the whole page is loaded.
      await page.goto('about:blank');
      await page.goto(new URL(explorer.url).origin + address.replace('#', '/#'));
      await page.locator('main').getByText(text).first().waitFor({ state: 'attached' });
      expect(page.url()).toContain(address);
    }
  });

  it.each(['light', 'dark'] as const)(
    'has no accessibility fault that axe finds, in %s colours',
    async (colors) => {
      await example().open(colors);
      for (const [address, text] of VIEWS) {
        await example().visit(address, text);
        expect(await example().axeFindings(), address).toEqual([]);
      }
      const { page } = example();
      await page.keyboard.press('/');
      await page.keyboard.type('a');
      await page.getByRole('option').first().waitFor();
      expect(await example().axeFindings(), 'search').toEqual([]);
    },
  );

  it('fits a narrow window: only tables and graphs scroll sideways', async () => {
    const { page } = example();
    await page.setViewportSize({ width: 390, height: 800 });
    for (const [address, text] of VIEWS) {
      await example().visit(address, text);
      const widthPixels = await page.evaluate(() => document.documentElement.scrollWidth);
      expect(widthPixels, address).toBe(390);
    }
  });

  it('keeps the footer in its place while it is read', async () => {
    const footer = example().page.locator('footer');
    const { y } = (await footer.boundingBox()) ?? {};
    for (const [address, text] of VIEWS) {
      await example().visit(address, text);
      expect(await footer.boundingBox(), address).toMatchObject({ y });
    }
  });
});
