import { expect, test } from 'vitest';
import { privateWordsIn, privateWordsInDocument } from '../private-words.mjs';

test('private words are found in comments and test names, with their line', () => {
  const text = [
    '// Whoever opens the store reads it anew.',
    "const told = 'whoever';",
    "  it('is healed when it is opened', () => {",
    '/** The table behind the log. */',
    "])('%s is in force', (_) => {",
  ].join('\n');
  expect(privateWordsIn(text)).toEqual([
    { line: 1, message: '"Whoever": write the one that' },
    { line: 1, message: '"anew": write again, or re- as in rebuild' },
    { line: 3, message: '"healed": write repairs' },
    { line: 4, message: '"behind": write after' },
    { line: 5, message: '"in force": write current' },
  ]);
});

test('ordinary uses of the same words are accepted', () => {
  const text = [
    '// It leaves nothing behind.',
    "test('no file is left behind', () => {});",
    "// Files in memory behind the engine's file system port.",
    '/** One pass over the characters. */',
  ].join('\n');
  expect(privateWordsIn(text)).toEqual([]);
});

test('in a document the prose is checked, not code and quoted names of tests', () => {
  const text = [
    'Nobody reads `anew` again.',
    '| 1 | [store](store.test.ts) | "is opened anew" |',
    '```sh',
    'echo anew',
    '```',
    'There is no lock, and this is no signature.',
  ].join('\n');
  expect(privateWordsInDocument(text)).toEqual([
    { line: 1, message: '"Nobody": write no process, no caller or no one' },
    { line: 6, message: '"is no": write is not a' },
  ]);
});
