// Makes text from data harmless for terminals: a name may hold escape sequences, which terminals obey, or marks
// that reverse the order in which text is shown (https://trojansource.codes).

/**
 * Control characters; format characters, including bidirectional and invisible marks; line and paragraph
 * separators.
 */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;
const UNSAFE_IN_ROWS = new RegExp(`\\r\\n|${UNSAFE.source}`, 'gu');
const ESCAPE = '\u001b';
/** The escape sequences that `Style` writes. */
const OWN_SEQUENCES = new RegExp(`(${ESCAPE}\\[(?:1|2|22|31|32|36|39)m)`);

/** Escapes a line of text: replaces characters that a terminal acts on by `\u001b` and the like. */
export function escapeText(text: string): string {
  return text.replaceAll(UNSAFE, escaped);
}

/** Escapes lines of text, but keeps this program's own colours. */
export function escapeLines(text: string): string {
  return text
    .split(OWN_SEQUENCES)
    .map((part, at) =>
      at % 2 === 1
        ? part
        : part.replaceAll(UNSAFE, (one) => (one === '\n' || one === '\t' ? one : escaped(one))),
    )
    .join('');
}

/**
 * Formats a value as JSON, with unsafe characters escaped. The escapes stand for the same characters, so
 * nothing is lost.
 */
export function jsonText(value: unknown, indent?: number): string {
  // Outside strings, the only unsafe characters are the line ends of the indentation.
  return escapeJsonLines(JSON.stringify(value, null, indent));
}

/** Escapes lines of JSON, or parts of lines. The escapes stand for the same characters. */
export function escapeJsonLines(text: string): string {
  return text.replaceAll(UNSAFE, (one) => (one === '\n' ? one : escaped(one)));
}

/** Escapes rows of CSV, whose lines end in CRLF. */
export function escapeRows(text: string): string {
  return text.replaceAll(UNSAFE_IN_ROWS, (one) =>
    one === '\r\n' || one === '\n' || one === '\t' ? one : escaped(one),
  );
}

/** The JSON escape of a character: two UTF-16 units if the character has two. */
function escaped(character: string): string {
  return Array.from(
    { length: character.length },
    (_, at) => `\\u${character.charCodeAt(at).toString(16).padStart(4, '0')}`,
  ).join('');
}
