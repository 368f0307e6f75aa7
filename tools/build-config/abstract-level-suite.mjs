// Runs abstract-level's own test suite, whose tests are tape's, in a harness of its own.
import suite from 'abstract-level/test/index.js';
import tape from 'tape';

export async function abstractLevelResults(factory) {
  const harness = tape.createHarness({ autoclose: true });
  const stream = harness.createStream({ objectMode: true });
  suite({ test: harness, factory });
  const results = [];
  stream.on('data', (row) => {
    if (row.type === 'assert') results.push(row);
  });
  await new Promise((resolve, reject) => stream.on('end', resolve).on('error', reject));
  return results;
}
