// Cells of a CSV file (RFC 4180). A cell reads back as it was written, and no spreadsheet treats it as a formula.
//
//   row   := cell ("," cell)* CRLF
//   cell  := guarded; in double quotes, with inner quotes doubled, if it has , " CR LF or outer spaces
//   guarded: a text that begins with = + - @ TAB or CR, perhaps after apostrophes, with one more apostrophe before it
//   list  := item (";" item)*    in one cell; an item's own ; and \ are "\;" and "\\"

const LOOKS_LIKE_FORMULA = /^'*[=+\-@\t\r]/;
const NEEDS_QUOTES = /[",\r\n]|^\s|\s$/;

/** Encodes a text as a cell of the file. */
export function cellOf(text: string): string {
  const guarded = LOOKS_LIKE_FORMULA.test(text) ? `'${text}` : text;
  return NEEDS_QUOTES.test(guarded) ? `"${guarded.replaceAll('"', '""')}"` : guarded;
}

/** Decodes a cell without its quotes: removes the apostrophe that `cellOf` puts before a formula. */
export function textOfCell(cell: string): string {
  return cell.startsWith("'") && LOOKS_LIKE_FORMULA.test(cell) ? cell.slice(1) : cell;
}

/** Joins items to one text for a cell. */
export function listText(items: readonly string[]): string {
  return items.map((item) => item.replaceAll(/[\\;]/g, '\\$&')).join(';');
}

/** Splits the text of a list into its items; an empty text has none. */
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
