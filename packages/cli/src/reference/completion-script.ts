// Shell scripts that complete command lines, made of the program's own commands and options. They are whole:
// the shell starts no process to complete a word. Where nothing of sstitch's fits, shells complete paths.
import type { Command, Option } from 'commander';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

/** A script that the shell reads at its start. */
export function completionScript(program: Command, shell: Shell): string {
  if (shell === 'fish') return fishScript(program);
  const script = bashScript(program);
  // zsh reads bash's by a module of its own.
  return shell === 'bash' ? script : `autoload -Uz bashcompinit && bashcompinit\n${script}`;
}

/** A command and the words that lead to it. */
interface Place {
  readonly path: readonly string[];
  readonly command: Command;
}

function placesOf(command: Command, path: readonly string[] = []): readonly Place[] {
  const below = command.commands.flatMap((child) => placesOf(child, [...path, child.name()]));
  return [{ path, command }, ...below];
}

function optionsOf(command: Command): readonly Option[] {
  return command.createHelp().visibleOptions(command);
}

/** What may come next that is no option: commands, or values of the one argument. */
function wordsOf(command: Command): readonly string[] {
  const choices = command.registeredArguments.flatMap(({ argChoices }) => argChoices ?? []);
  return [...command.commands.map((child) => child.name()), ...choices];
}

function takesValue({ required, optional }: Option): boolean {
  return required || optional;
}

function bashScript(program: Command): string {
  const name = program.name();
  const places = placesOf(program);
  const steps = places
    .filter(({ path }) => path.length > 0)
    .map(({ path }) => `'${path.join(' ')}'`);
  const cases = places.map(({ path, command }) => {
    const flags = optionsOf(command).flatMap(({ short, long }) => [short, long].filter(Boolean));
    const words = wordsOf(command);
    const values = optionsOf(command)
      .filter(takesValue)
      .map(({ short, long, argChoices }) => {
        const pattern = [short, long].filter(Boolean).join(' | ');
        return `        ${pattern}) offered='${(argChoices ?? []).join(' ')}' ;;`;
      });
    return [
      `    '${path.join(' ')}')`,
      '      case "$before" in',
      ...values,
      '        *)',
      `          offered='${words.join(' ')}'`,
      `          [[ $current == -* ]] && offered='${flags.join(' ')}'`,
      '          ;;',
      '      esac',
      '      ;;',
    ].join('\n');
  });
  return `# ${name} completion bash
_${name}() {
  local current=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD-1]}
  local command='' offered='' word at
  for ((at = 1; at < COMP_CWORD; at++)); do
    word=\${COMP_WORDS[at]}
    case "\${command:+$command }$word" in
      ${steps.join(' | ')}) command="\${command:+$command }$word" ;;
    esac
  done
  case "$command" in
${cases.join('\n')}
  esac
  COMPREPLY=($(compgen -W "$offered" -- "$current"))
}
complete -o default -F _${name} ${name}
`;
}

function fishScript(program: Command): string {
  const name = program.name();
  const lines = placesOf(program).flatMap(({ path, command }) => {
    const children = command.commands.map((child) => child.name());
    const seen = path.map((word) => `__fish_seen_subcommand_from ${word}`);
    const before = children.map((word) => `not __fish_seen_subcommand_from ${word}`);
    const here = (conditions: readonly string[]) =>
      conditions.length === 0 ? '' : ` -n ${fishQuote(conditions.join('; and '))}`;
    const atCommand = here([...seen, ...before]);
    return [
      ...command.commands.map(
        (child) =>
          `complete -c ${name} -f${atCommand} -a ${child.name()} -d ${fishQuote(child.summary())}`,
      ),
      ...command.registeredArguments.flatMap(({ argChoices }) =>
        (argChoices ?? []).map((value) => `complete -c ${name} -f${here(seen)} -a ${value}`),
      ),
      ...optionsOf(command).map((option) => {
        const { short, long, argChoices, description } = option;
        const parts = [
          `complete -c ${name}${path.length === 0 ? atCommand : here(seen)}`,
          ...(short ? [`-s ${short.slice(1)}`] : []),
          ...(long ? [`-l ${long.slice(2)}`] : []),
          // -x: these values and no paths; -r: paths.
          ...(argChoices
            ? [`-x -a ${fishQuote(argChoices.join(' '))}`]
            : takesValue(option)
              ? ['-r']
              : []),
          `-d ${fishQuote(description)}`,
        ];
        return parts.join(' ');
      }),
    ];
  });
  return `# ${name} completion fish\n${lines.join('\n')}\n`;
}

function fishQuote(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
