// Writes docs/cli.md, the reference of all commands.
import { type CommandSpec, commandsOf, type ProgramSpec } from '../command-line/command-spec.js';
import { optionTerm } from '../command-line/option-names.js';
import {
  ENVIRONMENT_NOTES,
  EXIT_CODE_NOTES,
  OUTPUT_NOTES,
  STORE_NOTES,
  SYNC_NOTES,
} from '../command-line/program-notes.js';
import { STANDARD_OPTIONS } from '../command-line/shared-options.js';
import { argumentTerm, optionFacts, schemaFile, usageOf } from './command-lines.js';

/** @param schemas path from the document to the directory of schemas */
export function cliMarkdown(program: ProgramSpec, schemas: string): string {
  const parts = [
    `# ${program.name}`,
    '<!-- Generated from the commands by `pnpm generate`: edit packages/cli/src/commands/*/command.ts. -->',
    `${program.summary} \`${program.name} COMMAND --help\` prints the section of this page about a command.`,
    '## Commands',
    ...program.groups.flatMap(({ title, commands }) => [
      `**${title}**`,
      table(
        ['command', 'does'],
        commands
          .filter(({ isHidden }) => !isHidden)
          .map(({ name, summary }) => [`[\`${name}\`](#${anchorOf(name)})`, summary]),
      ),
    ]),
    '## What all commands have in common',
    '### Options',
    optionTable({ options: STANDARD_OPTIONS }),
    '### Names of stores',
    table(
      ['form', 'names'],
      STORE_NOTES.map(([form, meaning]) => [`\`${form}\``, meaning]),
    ),
    '### Names of syncs',
    table(
      ['form', 'names'],
      SYNC_NOTES.map(([form, meaning]) => [`\`${form}\``, meaning]),
    ),
    '### Output',
    ...OUTPUT_NOTES.map((note) => linked(note, schemas)),
    '### Exit codes',
    table(
      ['code', 'means'],
      EXIT_CODE_NOTES.map(({ code, long }) => [code, long]),
    ),
    '### Environment',
    table(
      ['variable', 'does'],
      ENVIRONMENT_NOTES.map(([name, meaning]) => [`\`${name}\``, meaning]),
    ),
    ...commandsOf(program).flatMap((command) => commandParts(command, schemas)),
  ];
  return `${parts.join('\n\n')}\n`;
}

function commandParts(command: CommandSpec, schemas: string): readonly string[] {
  const options = Object.keys(command.options).length;
  return [
    `## ${command.name}`,
    code('text', usageOf(command)),
    command.description,
    ...(command.arguments.length === 0
      ? []
      : [
          table(
            ['argument', 'is'],
            command.arguments.map((argument) => [
              `\`${argumentTerm(argument)}\``,
              argument.value.type === 'choice'
                ? `${argument.summary}: ${argument.value.choices.join(', ')}`
                : argument.summary,
            ]),
          ),
        ]),
    ...(options === 0 ? [] : [optionTable(command)]),
    code('sh', command.examples.map(([line, what]) => `sstitch ${line} # ${what}`).join('\n')),
    `JSON: [${schemaFile(command)}](${schemas}/${schemaFile(command)})`,
  ];
}

function optionTable({ options }: Pick<CommandSpec, 'options'>): string {
  return table(
    ['option', 'does', ''],
    Object.entries(options).map(([name, option]) => [
      `\`${optionTerm(name, option)}\``,
      option.summary,
      optionFacts(option).join('; '),
    ]),
  );
}

function table(titles: readonly string[], rows: readonly (readonly string[])[]): string {
  const row = (cells: readonly string[]) => `| ${cells.map(escapeCell).join(' | ')} |`;
  return [row(titles), row(titles.map(() => '---')), ...rows.map(row)].join('\n');
}

/** Escapes what would end a cell and, outside code spans, what would begin an HTML tag. In code spans, `\<` is two characters. */
function escapeCell(text: string): string {
  return text
    .replaceAll('|', '\\|')
    .replaceAll(/(`[^`]*`)|</g, (_, span: string | undefined) => span ?? '\\<');
}

function code(language: string, text: string): string {
  return `\`\`\`${language}\n${text}\n\`\`\``;
}

function anchorOf(name: string): string {
  return name.replace(' ', '-');
}

function linked(note: string, schemas: string): string {
  return note.replace('JSON Schema', `[JSON Schema](${schemas})`);
}
