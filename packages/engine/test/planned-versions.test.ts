// golden/planned-versions.txt: the versions that a commit plans (src/commit/plan.ts), as text.
import { testGoldenCases } from './golden-cases.js';
import { planLines } from './plan-language.js';

testGoldenCases(
  'a version and spans become the planned version of golden/planned-versions.txt',
  new URL('golden/planned-versions.txt', import.meta.url),
  planLines,
);
