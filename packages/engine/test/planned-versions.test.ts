// What a commit makes of a version's tables (src/commit/plan.ts), as text: golden/planned-versions.txt.
import { testGoldenCases } from './golden-cases.js';
import { planLines } from './plan-language.js';

testGoldenCases(
  'a version and spans become the planned version of golden/planned-versions.txt',
  new URL('golden/planned-versions.txt', import.meta.url),
  planLines,
);
