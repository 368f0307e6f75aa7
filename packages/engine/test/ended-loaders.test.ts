// A table loader that is ended while threads work for it.
import { expect, test } from 'vitest';
import { TableLoader } from '../src/index.js';
import { bytes, span, temporaryDirectory } from './store-fixture.js';

test('a loader that is ended while it finishes ends after the merge, which writes nothing afterwards', async () => {
  const directory = temporaryDirectory();
  let isSettled = false;
  const ended: Promise<boolean>[] = [];
  // The other thread is merging another part.
  const onProgress = () => void ended.push(loader.end().then(() => isSettled));
  const loader = new TableLoader(directory, { onProgress });
  const pages = 20;
  for (let number = 0; number < pages; number++) {
    await loader.add(
      Array.from({ length: 5000 }, (_, at) => {
        const key = bytes(`${at}-${number}`.padStart(12, '0'));
        return [key, new Uint8Array(300).fill(number)] as const;
      }),
    );
  }
  const settled = () => {
    isSettled = true;
  };
  await loader.finish([span('')]).then(settled, settled);
  expect(await Promise.all(ended)).not.toContain(false);
  expect(ended.length).toBeGreaterThan(0);
});

test('a loader that has ended refuses pages and finish with an error that says so', async () => {
  const loader = new TableLoader(temporaryDirectory());
  await loader.end();
  const refused = { name: 'AbortError', message: 'the loader has ended: make a new one' };
  await expect(loader.add([[bytes('k'), bytes('v')]])).rejects.toMatchObject(refused);
  await expect(loader.finish([span('')])).rejects.toMatchObject(refused);
});
