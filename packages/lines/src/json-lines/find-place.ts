// Where in a line something is wrong. Parses the line once more, for its places; only on the way to an error.
import type { DocumentNode, ObjectNode } from '@humanwhocodes/momoa';

/** Places in a longer line take too much memory to find. */
const MAX_TEXT_CHARACTERS = 2 ** 20;

/** What is wrong with a line, and at which character, from 1. */
export interface Problem {
  readonly problem: string;
  readonly column: number | undefined;
}

/** Why a text is not JSON. */
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

/** The character at which the name or, of several, the last name of a path stands; 1 for no names. */
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
    // JSON that is nested deeper than the parser's stack.
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
