// Text from data, made harmless for terminals: a name may hold escape sequences, which terminals obey, or marks
// that reverse the order in which what follows is shown (https://trojansource.codes).

/** Controls; format characters, among them bidirectional marks and invisible ones; line and paragraph separators. */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;
const ESCAPE = '\u001b';
/** What `Style` writes. */
const OWN_SEQUENCES = new RegExp(`(${ESCAPE}\\[(?:1|2|22|31|32|36|39)m)`);

/** One line of text, with `\u001b` and the like in the place of what a terminal acts on. */
export function escapeText(text: string): string {
  return text.replaceAll(UNSAFE, escaped);
}

/** Lines of text that may hold this program's own colours. */
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

/** A value as JSON. Escapes stand for the same characters, so that nothing is lost. */
export function jsonText(value: unknown, indent?: number): string {
  // Outside strings there are none but the line ends of the indentation.
  return escapeJsonLines(JSON.stringify(value, null, indent));
}

/** Lines of JSON, or parts of them, with escapes that stand for the same characters. */
export function escapeJsonLines(text: string): string {
  return text.replaceAll(UNSAFE, (one) => (one === '\n' ? one : escaped(one)));
}

/** As JSON escapes it: two units where the character has two. */
function escaped(character: string): string {
  return Array.from(
    { length: character.length },
    (_, at) => `\\u${character.charCodeAt(at).toString(16).padStart(4, '0')}`,
  ).join('');
}
