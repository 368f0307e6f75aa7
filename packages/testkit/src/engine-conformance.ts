// The conformance suite: tests of every guarantee of @sstitch/contract, for any engine under any test
// framework. The name of a test begins with the number of the guarantee that it checks.
import { testConditions } from './conformance/conditions.js';
import { testRaces } from './conformance/races.js';
import { testReadsAndBatches } from './conformance/reads-and-batches.js';
import { testReplacements } from './conformance/replacements.js';
import { type MakeEngine, type TestFramework, testsOn } from './conformance/subject.js';

export type { EngineUnderTest, MakeEngine, TestFramework } from './conformance/subject.js';

/**
 * Declares the conformance tests of an engine.
 *
 * @param name - the name of the engine, for the report.
 * @param framework - `describe` and `it` of vitest, mocha, node:test or a similar framework.
 * @param makeEngine - creates an empty engine for each test.
 */
export function engineConformance(
  name: string,
  framework: TestFramework,
  makeEngine: MakeEngine,
): void {
  const test = testsOn(framework, makeEngine);
  framework.describe(`${name}: reads, batches and views`, () => testReadsAndBatches(test));
  framework.describe(`${name}: replacements`, () => testReplacements(test));
  framework.describe(`${name}: races`, () => testRaces(test));
  framework.describe(`${name}: conditions`, () => testConditions(test));
}
