// Finds the column of a fault in a line. Parses the line again with positions, and only to report an error.
import type { DocumentNode, ObjectNode } from '@humanwhocodes/momoa';

/** The longest line to search: the positions of a longer one take too much memory. */
const MAX_TEXT_CHARACTERS = 2 ** 20;

/** The fault of a line and its character, counted from 1. */
export interface Problem {
  readonly problem: string;
  readonly column: number | undefined;
}

/** Finds why a text is not JSON. */
export async function syntaxProblem(text: string): Promise<Problem> {
  const problem = 'it is not JSON';
  if (text.length > MAX_TEXT_CHARACTERS) return { problem, column: undefined };
  const { parse } = await import('@humanwhocodes/momoa');
  try {
    parse(text, { mode: 'json' });
    return { problem, column: undefined };
  } catch (error) {
    const { offset } = error as { readonly offset?: unknown };
    if (typeof offset !== 'number') return { problem, column: undefined };
    const [found] = text.slice(offset, offset + 2);
    const what =
      found === undefined ? 'it ends too early' : `${JSON.stringify(found)} is not expected`;
    return { problem: `${problem}: ${what}`, column: offset + 1 };
  }
}

/** The character at which the last name of a path begins; 1 for an empty path. */
export async function columnOf(
  text: string,
  names: readonly string[],
): Promise<number | undefined> {
  if (text.length > MAX_TEXT_CHARACTERS) return undefined;
  const { parse } = await import('@humanwhocodes/momoa');
  let column = 1;
  let node: DocumentNode['body'] | undefined;
  try {
    node = parse(text, { mode: 'json' }).body;
  } catch {
    // The JSON is nested deeper than the parser's stack allows.
    return undefined;
  }
  for (const name of names) {
    if (node?.type !== 'Object') break;
    const member: ObjectNode['members'][number] | undefined = node.members.findLast(
      ({ name: own }) => (own.type === 'String' ? own.value : own.name) === name,
    );
    if (member === undefined) break;
    column = member.loc.start.column;
    node = member.value;
  }
  return column;
}
