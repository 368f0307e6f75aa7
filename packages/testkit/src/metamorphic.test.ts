import { expect, it } from 'vitest';
import { makeStoreTarget } from './metamorphic/store-target.js';
import type { MetamorphicTarget } from './metamorphic/target.js';
import { runMetamorphic } from './metamorphic.js';
import { ModelEngine } from './model-engine.js';

const environment = process.env;

async function makeModelTarget(): Promise<MetamorphicTarget> {
  const engine = new ModelEngine();
  return { engine, destroy: () => engine.close() };
}

it('the model engine agrees with the model', async () => {
  await runMetamorphic(makeModelTarget, { runs: 10, actions: 30 });
});

it('an engine that loses a write is found out, and the sequence shrinks', async () => {
  const makeLossyTarget = async () => {
    const target = await makeModelTarget();
    const { engine } = target;
    let batches = 0;
    const batch = engine.batch.bind(engine);
    engine.batch = async (operations, options) => {
      await batch(++batches === 5 ? operations.slice(1) : operations, options);
    };
    return target;
  };
  const failed = runMetamorphic(makeLossyTarget, { runs: 10, actions: 60, seed: 1 });
  const { message } = await failed.then(
    () => ({ message: 'it was not' }),
    (error: Error) => error,
  );
  expect(message).toContain('seed: 1, path:');
  expect(message.split('"do":').length).toBeLessThan(20);
});

// The store's own sequences are a torture family (torture/metamorphic-family.ts); a failing one is seen
// again by what that says, and with SSTITCH_PATH as short as fast-check made it.
if (environment['SSTITCH_ACTIONS'] !== undefined) {
  it('the store agrees with the model in the sequence that the environment names', async () => {
    await runMetamorphic(makeStoreTarget, {
      runs: 1,
      actions: Number(environment['SSTITCH_ACTIONS']),
      seed: Number(environment['SSTITCH_SEED']),
      ...(environment['SSTITCH_PATH'] ? { path: environment['SSTITCH_PATH'] } : {}),
    });
  });
}
