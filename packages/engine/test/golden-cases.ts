// Cases and what comes of them, in one text file that people read: comments, an input, a line of dashes, the output.
// A blank line ends a case. `vitest run --update` writes the outputs anew; the inputs stay as they are.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const SEPARATOR = '----';

/** Makes one test of a file of cases: each input, given to `run` line by line, has the output that the file says. */
export function testGoldenCases(
  title: string,
  file: URL,
  run: (input: readonly string[]) => string | Promise<string>,
): void {
  test(title, async () => {
    const path = fileURLToPath(file);
    const blocks: string[] = [];
    for (const block of readFileSync(path, 'utf8').trimEnd().split(/\n\n+/)) {
      const [head = ''] = block.split(`\n${SEPARATOR}`);
      const input = head.split('\n').filter((line) => !line.startsWith('#'));
      if (input.length === 0) blocks.push(head);
      else blocks.push(`${head}\n${SEPARATOR}\n${(await run(input)).trimEnd()}`);
    }
    await expect(`${blocks.join('\n\n')}\n`).toMatchFileSnapshot(path);
  });
}
