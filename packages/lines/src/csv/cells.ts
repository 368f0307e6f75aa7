// Cells of a CSV file (RFC 4180): what is written is read again as it was, and no program takes it for a formula.
//
//   row   := cell ("," cell)* CRLF
//   cell  := guarded, or in double quotes, with those inside doubled, where it has , " CR LF or outer spaces
//   guarded: a text that begins with = + - @ TAB or CR, perhaps after apostrophes, has one more apostrophe before it
//   list  := item (";" item)*    in one cell; "\;" and "\\" are ; and \ of an item

const LOOKS_LIKE_FORMULA = /^'*[=+\-@\t\r]/;
const NEEDS_QUOTES = /[",\r\n]|^\s|\s$/;

/** A text as it stands in a file. */
export function cellOf(text: string): string {
  const guarded = LOOKS_LIKE_FORMULA.test(text) ? `'${text}` : text;
  return NEEDS_QUOTES.test(guarded) ? `"${guarded.replaceAll('"', '""')}"` : guarded;
}

/** The text of a cell whose quotes have been taken off: without the apostrophe that `cellOf` puts before a formula. */
export function textOfCell(cell: string): string {
  return cell.startsWith("'") && LOOKS_LIKE_FORMULA.test(cell) ? cell.slice(1) : cell;
}

/** Some texts as one, for a cell. */
export function listText(items: readonly string[]): string {
  return items.map((item) => item.replaceAll(/[\\;]/g, '\\$&')).join(';');
}

/** The texts of a list; none of an empty one. */
export function itemsOf(list: string): string[] {
  if (list === '') return [];
  const items: string[] = [];
  let item = '';
  for (let at = 0; at < list.length; at++) {
    const character = list[at];
    if (character === ';') {
      items.push(item);
      item = '';
    } else {
      if (character === '\\') at += 1;
      item += list[at] ?? '';
    }
  }
  return [...items, item];
}
