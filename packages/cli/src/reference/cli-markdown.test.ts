import { expect, it } from 'vitest';
import { defineCommand } from '../command-line/command-spec.js';
import { cliMarkdown } from './cli-markdown.js';

const command = defineCommand({
  name: 'copy',
  summary: 'copy a <store> | or two',
  description: 'Copies.',
  arguments: [],
  options: {
    to: { summary: 'as `a|b` or `<c>`', value: { type: 'text' }, placeholder: 'store' },
  },
  examples: [],
});
const program = {
  name: 'sstitch',
  summary: 'Copies.',
  groups: [{ title: 'All', commands: [command] }],
  families: [],
};

it('escapes in a table what GFM would not show: no < in a code span, where a backslash is shown', () => {
  const lines = cliMarkdown(program, 'schemas').split('\n');
  expect(lines).toContain('| `--to <store>` | as `a\\|b` or `<c>` |  |');
  expect(lines).toContain('| [`copy`](#copy) | copy a \\<store> \\| or two |');
});
