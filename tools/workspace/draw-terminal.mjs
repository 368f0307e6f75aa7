#!/usr/bin/env node
// Draws a session at a terminal as docs/images/compact-light.svg and compact-dark.svg, for the README: `pnpm images`,
// after `pnpm build`. The commands run on stores of 100,000 grants, and the pictures show what they print.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../../packages/cli/dist/main.js', import.meta.url));
const IMAGES = fileURLToPath(new URL('../../docs/images/', import.meta.url));

/** Make the stores, and are not shown. */
const PREPARATION = [
  'generate base --grants 100000 --syncs 3 --quiet',
  'generate source --grants 100000 --revision 2 --quiet',
];
const SESSION = [
  'syncs base',
  'compact --base base --from source --sync latest',
  'digest base --sync 36yq --quiet',
  'digest source --sync 36yq --quiet',
  'verify base',
];

const FONT = 'ui-monospace, SFMono-Regular, Menlo, Consolas, Liberation Mono, monospace';
const FONT_PX = 13;
/** The width of a character. `textLength` stretches each run to it, whatever the font. */
const CHARACTER_PX = 7.8;
const LINE_PX = 19;
const PADDING_PX = 18;
const THEMES = {
  light: { ground: '#f6f7f9', line: '#e1e5ea', ink: '#16191d', dim: '#59626d', good: '#17713a' },
  dark: { ground: '#181c22', line: '#262c34', ink: '#e7eaee', dim: '#9ba5b1', good: '#5fc98a' },
};
// biome-ignore lint/suspicious/noControlCharactersInRegex: an escape begins with ESC
const STYLE_ESCAPE = /\u001b\[(\d+)m/;

/** The lines of the session with their escapes. */
function runSession() {
  const directory = mkdtempSync(join(tmpdir(), 'sstitch-picture-'));
  const env = { ...process.env, FORCE_COLOR: '1', NO_COLOR: '' };
  const sstitch = (line) =>
    execFileSync(process.execPath, [MAIN, ...line.split(' ')], {
      cwd: directory,
      env,
      encoding: 'utf8',
    });
  try {
    for (const line of PREPARATION) sstitch(line);
    const outputs = SESSION.map(
      (line) => `\u001b[2m$\u001b[22m \u001b[1msstitch ${line}\u001b[22m\n${sstitch(line)}`,
    );
    return outputs.join('\n').trimEnd().split('\n');
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Splits a line into runs of one style and one column. The codes are those of terminal/style.ts. */
function runsOf(line) {
  const runs = [];
  let [column, bold, color] = [0, false, 'ink'];
  // Every second part is the number of an escape.
  for (const [at, part] of line.split(STYLE_ESCAPE).entries()) {
    if (at % 2 === 0) {
      // SVG collapses spaces, so columns are runs of their own.
      for (const text of part.split(/( {2,})/)) {
        if (text.trim() !== '') runs.push({ text, column, bold, color });
        column += text.length;
      }
    } else if (part === '1') bold = true;
    else if (part === '2') color = 'dim';
    else if (part === '32') color = 'good';
    else [bold, color] = [false, 'ink'];
  }
  return runs;
}

function draw(lines, theme) {
  const drawn = lines.flatMap((line, row) =>
    runsOf(line).map(({ text, column, bold, color }) => {
      const [x, y] = [PADDING_PX + column * CHARACTER_PX, PADDING_PX + (row + 0.75) * LINE_PX];
      const width = (text.length * CHARACTER_PX).toFixed(1);
      const weight = bold ? ' font-weight="600"' : '';
      return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" textLength="${width}" fill="${theme[color]}"${weight}>${escaped(text)}</text>`;
    }),
  );
  const columns = Math.max(
    ...lines.map((line) => line.replaceAll(new RegExp(STYLE_ESCAPE, 'g'), '').length),
  );
  const width = Math.ceil(columns * CHARACTER_PX + 2 * PADDING_PX);
  const height = lines.length * LINE_PX + 2 * PADDING_PX;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img">
<title>A sync is replaced by sstitch compact, and the store is verified</title>
<rect x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="8" fill="${theme.ground}" stroke="${theme.line}"/>
<g font-family="${FONT}" font-size="${FONT_PX}">
${drawn.join('\n')}
</g>
</svg>
`;
}

function escaped(text) {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

const lines = runSession();
for (const [name, theme] of Object.entries(THEMES)) {
  const file = join(IMAGES, `compact-${name}.svg`);
  writeFileSync(file, draw(lines, theme));
  console.log(file);
}
