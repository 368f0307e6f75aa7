// Tests of every guarantee and operation of the port (src/port.ts), for any backend under any test framework. The name of
// a test begins with the number of the guarantee that it checks, if it checks one.
import { testLog } from './log.js';
import { testRows } from './rows.js';
import { testRuns } from './runs.js';
import { type MakeBackend, type TestFramework, testsOn } from './subject.js';

export interface PortConformanceOptions {
  /** The length of the longest block that the suite writes. @defaultValue 64 MiB, the longest there is */
  readonly largeBlockBytes?: number;
  /** How many processes race for a slot. @defaultValue 4 */
  readonly racers?: number;
}

/**
 * Declares the tests of a port.
 *
 * @param name - the name of the backend, for the report.
 * @param framework - `describe` and `it` of vitest, mocha, node:test or a similar framework.
 * @param makeBackend - connects to the backend; called for each test.
 */
export function portConformance(
  name: string,
  framework: TestFramework,
  makeBackend: MakeBackend,
  options: PortConformanceOptions = {},
): void {
  const test = testsOn(framework, makeBackend);
  framework.describe(`${name}: the log`, () => testLog(test, options.racers ?? 4));
  framework.describe(`${name}: runs`, () => {
    testRuns(test, options.largeBlockBytes ?? 64 * 1024 * 1024);
  });
  framework.describe(`${name}: announcements, intents, leases, checkpoints`, () => testRows(test));
}
