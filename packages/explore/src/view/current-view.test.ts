import { setImmediate } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { CurrentView } from './current-view.js';
import type { ViewedEngine, ViewSource } from './view-source.js';

it('a close waits for every view, also if one of them cannot be closed', async () => {
  let end = () => {};
  let isFirstClosed = false;
  const first = new Promise<void>((resolve) => {
    end = resolve;
  }).then(() => {
    isFirstClosed = true;
  });
  const closes = [() => first, () => Promise.reject(new Error('no connection'))];
  const engine = { snapshot: () => ({ close: async () => undefined }) } as unknown as ViewedEngine;
  const source: ViewSource = {
    ...{ location: 'here', name: 'one' },
    open: async () => ({ engine, close: closes.shift() ?? (() => Promise.resolve()) }),
  };
  const view = await CurrentView.open(source);
  await view.refresh();
  const closed = view.close().then(
    () => undefined,
    (error: unknown) => ({ error, isFirstClosed }),
  );
  for (let turn = 0; turn < 5; turn++) await setImmediate();
  end();
  expect(await closed).toMatchObject({ error: { message: 'no connection' }, isFirstClosed: true });
});
