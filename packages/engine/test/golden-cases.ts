// Test cases in one readable text file. A case is comments, an input, a line of dashes and the output. A blank line
// ends it. `vitest run --update` rewrites the outputs and keeps the inputs.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const SEPARATOR = '----';

/** Makes one test of a file of cases: `run` receives the lines of each input and must return the output of the case. */
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
