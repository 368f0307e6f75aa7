import { expect, it } from 'vitest';
import type { MetamorphicTarget } from './metamorphic/target.js';
import { runMetamorphic } from './metamorphic.js';
import { ModelEngine } from './model-engine.js';

async function makeModelTarget(): Promise<MetamorphicTarget> {
  const engine = new ModelEngine();
  return { engine, destroy: () => engine.close() };
}

it('the model engine agrees with the model', async () => {
  await runMetamorphic(makeModelTarget, { runs: 10, actions: 30 });
});

it('an engine that loses a write is detected, and the sequence shrinks', async () => {
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
