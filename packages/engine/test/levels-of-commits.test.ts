// golden/levels.txt: the levels of real stores after commits, as text.
import { testGoldenCases } from './golden-cases.js';
import { runLevelLines } from './level-language.js';

testGoldenCases(
  'commits leave the levels of golden/levels.txt',
  new URL('golden/levels.txt', import.meta.url),
  runLevelLines,
);
