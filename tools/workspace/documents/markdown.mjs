// Parses Markdown as these documents use it: code, tables, and blocks that programs write.

const FENCE = /^```[^\n]*\n([\s\S]*?)^```/gm;

/** All code of a text, fenced and inline, with each piece on a line. */
export function codeOf(text) {
  const fenced = [...text.matchAll(FENCE)].map(([, code]) => code);
  const inline = [...text.replace(FENCE, '').matchAll(/`([^`\n]+)`/g)].map(([, code]) => code);
  return [...fenced, ...inline].join('\n');
}

/**
 * The tables of a text; each row is an object from header to cell.
 *
 * @param {string} text
 * @returns {Record<string, string>[][]}
 */
export function tablesOf(text) {
  const tables = [];
  let rows = [];
  for (const line of [...text.replace(FENCE, '').split('\n'), '']) {
    if (line.startsWith('|')) {
      rows.push(cellsOf(line));
      continue;
    }
    const [header, , ...body] = rows;
    if (body.length > 0) {
      tables.push(
        body.map((cells) =>
          Object.fromEntries(header.map((title, at) => [title, cells[at] ?? ''])),
        ),
      );
    }
    rows = [];
  }
  return tables;
}

function cellsOf(line) {
  return line
    .replace(/^\||\|\s*$/g, '')
    .split(/(?<!\\)\|/)
    .map((cell) => cell.trim().replaceAll('\\|', '|'));
}

/**
 * Replaces the text between the markers of a block: `<!-- NAME: its generator -->` and `<!-- /NAME -->`.
 *
 * @param {string} document
 * @param {string} name
 * @param {string} text
 */
export function withBlock(document, name, text) {
  const block = new RegExp(`(<!-- ${name}: [^\\n]* -->\\n)[\\s\\S]*?(<!-- /${name} -->)`);
  if (!block.test(document)) throw new Error(`there is no block ${name}`);
  return document.replace(block, (_, start, end) => `${start}${text.trimEnd()}\n${end}`);
}
