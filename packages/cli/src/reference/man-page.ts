// Writes the man page sstitch.1 with the macros of man(7).
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
import { argumentTerm, optionFacts, usageOf } from './command-lines.js';

export function manPage(program: ProgramSpec): string {
  const { name, summary } = program;
  const parts = [
    `.TH ${name.toUpperCase()} 1 "" "${name}" "User Commands"`,
    section(
      'NAME',
      `${name} \\- ${roff(summary.replace(/^./, (letter) => letter.toLowerCase()).replace(/\.$/, ''))}`,
    ),
    section('SYNOPSIS', `.B ${name}\n${roff('COMMAND [options] [arguments]')}`),
    '.SH OPTIONS OF ALL COMMANDS',
    ...definitions(optionDefinitions({ options: STANDARD_OPTIONS })),
    '.SH COMMANDS',
    ...commandsOf(program).flatMap(commandParts),
    '.SH NAMES OF STORES',
    ...definitions(STORE_NOTES),
    '.SH NAMES OF SYNCS',
    ...definitions(SYNC_NOTES),
    '.SH OUTPUT',
    ...OUTPUT_NOTES.flatMap((note) => ['.PP', roff(note)]),
    '.SH EXIT STATUS',
    ...definitions(EXIT_CODE_NOTES.map(({ code, long }) => [code, long])),
    '.SH ENVIRONMENT',
    ...definitions(ENVIRONMENT_NOTES),
  ];
  return `${parts.join('\n')}\n`;
}

function commandParts(command: CommandSpec): readonly string[] {
  return [
    `.SS ${roff(usageOf(command))}`,
    roff(command.description),
    ...definitions(command.arguments.map((argument) => [argumentTerm(argument), argument.summary])),
    ...definitions(optionDefinitions(command)),
    '.PP',
    'Examples:',
    '.PP',
    '.EX',
    ...command.examples.flatMap(([line, what]) => [
      roff(`  sstitch ${line}`),
      roff(`      ${what}`),
    ]),
    '.EE',
  ];
}

type Definition = readonly [term: string, meaning: string];

function optionDefinitions({ options }: Pick<CommandSpec, 'options'>): readonly Definition[] {
  return Object.entries(options).map(([name, option]) => {
    const facts = optionFacts(option);
    const more = facts.length === 0 ? '' : ` (${facts.join('; ')})`;
    return [optionTerm(name, option), `${option.summary}${more}`];
  });
}

function definitions(pairs: readonly Definition[]): readonly string[] {
  return pairs.flatMap(([term, meaning]) => ['.TP', `.B ${roff(term)}`, roff(meaning)]);
}

function section(title: string, text: string): string {
  return `.SH ${title}\n${text}`;
}

/** Escapes text for troff, so that hyphens print as hyphens and a leading dot is not a request. */
function roff(text: string): string {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll('…', '...')
    .replaceAll(/`([^`]+)`/g, '\\fB$1\\fP')
    .replace(/^(?=[.'])/, '\\&');
}
