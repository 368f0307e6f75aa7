// Words that comments, test names and documents do not use in a sense of their own, each with the usual word.

// The words, and what to write instead. `left behind` and `leaves nothing behind` are ordinary English.
/** @type {[word: RegExp, instead: string][]} */
const PRIVATE_WORDS = [
  [/\bwhoever\b/i, 'the one that'],
  [/\banew\b/i, 'again, or re- as in rebuild'],
  [/\btold\b/i, 'given, reported or distinguished'],
  [/\btells\b/i, 'reports, shows or distinguishes'],
  [/\bhanded\b/i, 'passed'],
  [/\bcomes? in\b/i, 'is read, received or imported'],
  [/\bcomes? twice\b/i, 'is repeated'],
  [/\bgoes (?:on|by)\b/i, 'continues, or uses'],
  [/\bsigns? of life\b/i, 'progress'],
  [/\bmade to do harm\b/i, 'hostile'],
  [/\bin force\b/i, 'current'],
  [
    /(?<!\b(?:left|leav\w+)(?: \w+)? )\bbehind\b(?! (?:a|an|the) [a-z' ]*(?:port|interface)\b)/i,
    'after',
  ],
  [/\bin front of\b/i, 'before'],
  [/\bpass(?:es|ed) over\b/i, 'skips'],
  [/\bhands? (?:on|out|over)\b/i, 'passes'],
  [/\bwithout a word\b/i, 'silently'],
  [/\bheal(?:s|ed)?\b/i, 'repairs'],
  [/\bunder way\b/i, 'in progress'],
  [/\bfor good\b/i, 'permanently'],
  [/\bis looked for\b/i, 'is searched'],
  [/\bby hand\b/i, 'explicitly, or say who does it'],
  [/\bnobody\b/i, 'no process, no caller or no one'],
  [/\bto be (?:called|awaited|done)\b/i, 'the imperative: call, await'],
  [/\bof ours\b/i, 'of this package'],
  [/\bif need be\b/i, 'if necessary'],
  [
    /(?<!\bthere )\b(?:is|are) no (?!longer\b|more\b|less\b|faster\b|better\b|proof\b|spans\b)/i,
    'is not a',
  ],
];

const COMMENT = /(?:^|\s)(?:\/\/|\/\*\*|\*)\s(.*)$/;
const TEST_NAME = /(?:\b(?:it|test|describe)(?:\.\w+)?|^\s*\](?: as const)?\))\(\s*(['"`].*)$/;

/** The private words in the comments and test names of a module: their line, and a message. */
export function privateWordsIn(text) {
  return text.split('\n').flatMap((line, index) => {
    const [, prose] = COMMENT.exec(line) ?? TEST_NAME.exec(line) ?? [];
    return prose === undefined ? [] : problemsOf(prose, index + 1);
  });
}

/** The private words in the prose of a Markdown document, which code and the names of tests are not. */
export function privateWordsInDocument(text) {
  let isCode = false;
  return text.split('\n').flatMap((line, index) => {
    if (/^\s*```/.test(line)) isCode = !isCode;
    return isCode ? [] : problemsOf(line.replaceAll(/`[^`]*`|"[^"]*"|\]\([^)]*\)/g, ''), index + 1);
  });
}

function problemsOf(prose, line) {
  return PRIVATE_WORDS.flatMap(([word, instead]) => {
    const [found] = word.exec(prose) ?? [];
    return found === undefined ? [] : [{ line, message: `"${found.trim()}": write ${instead}` }];
  });
}
