// Generates shell scripts that complete command lines from the specs of the commands. The scripts are complete
// in themselves except for the syncs of a store, for which they run `sstitch complete-syncs`. If no word of
// sstitch matches, the shell completes paths.
import type { ProgramSpec } from '../command-line/command-spec.js';
import { completionPlaces, type OfferedOption, type Place } from './completion-places.js';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

/** Generates the script, which the shell reads when it starts. */
export function completionScript(program: ProgramSpec, shell: Shell): string {
  const places = completionPlaces(program);
  if (shell === 'fish') return fishScript(program.name, places);
  const script = bashScript(program.name, places);
  // zsh runs the bash script through bashcompinit.
  return shell === 'bash' ? script : `autoload -Uz bashcompinit && bashcompinit\n${script}`;
}

function bashScript(name: string, places: readonly Place[]): string {
  const steps = places
    .filter(({ path }) => path.length > 0)
    .map(({ path }) => `'${path.join(' ')}'`);
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
${places.map(bashCase).join('\n')}
  esac
  COMPREPLY=($(compgen -W "$offered" -- "$current"))
}
_${name}_syncs() {
  "\${COMP_WORDS[0]}" complete-syncs --quiet -- "\${COMP_WORDS[@]:1:$COMP_CWORD}" 2>/dev/null
}
complete -o default -F _${name} ${name}
`;

  function bashCase({ path, children, choices, options }: Place): string {
    const words = [...children.map((child) => child.name), ...choices];
    const values = options
      .filter(({ value }) => value !== 'none')
      .map((option) => `        ${option.flags.join(' | ')}) offered=${bashValues(option)} ;;`);
    return [
      `    '${path.join(' ')}')`,
      '      case "$before" in',
      ...values,
      '        *)',
      `          offered='${words.join(' ')}'`,
      `          [[ $current == -* ]] && offered='${options.flatMap(({ flags }) => flags).join(' ')}'`,
      '          ;;',
      '      esac',
      '      ;;',
    ].join('\n');
  }

  function bashValues({ value }: OfferedOption): string {
    if (value === 'syncs') return `$(_${name}_syncs)`;
    return `'${typeof value === 'string' ? '' : value.join(' ')}'`;
  }
}

function fishScript(name: string, places: readonly Place[]): string {
  const lines = places.flatMap(({ path, children, choices, options }) => {
    const seen = path.map((word) => `__fish_seen_subcommand_from ${word}`);
    const before = children.map((child) => `not __fish_seen_subcommand_from ${child.name}`);
    const here = (conditions: readonly string[]) =>
      conditions.length === 0 ? '' : ` -n ${fishQuote(conditions.join('; and '))}`;
    const atCommand = here([...seen, ...before]);
    return [
      ...children.map(
        (child) =>
          `complete -c ${name} -f${atCommand} -a ${child.name} -d ${fishQuote(child.summary)}`,
      ),
      ...choices.map((value) => `complete -c ${name} -f${here(seen)} -a ${value}`),
      ...options.map((option) => {
        const parts = [
          `complete -c ${name}${path.length === 0 ? atCommand : here(seen)}`,
          ...option.flags.map((flag) =>
            flag.startsWith('--') ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`,
          ),
          ...fishValues(name, option),
          `-d ${fishQuote(option.summary)}`,
        ];
        return parts.join(' ');
      }),
    ];
  });
  return `# ${name} completion fish
function __${name}_syncs
  set -l words (commandline -opc)
  $words[1] complete-syncs -- $words[2..-1] (commandline -ct) 2>/dev/null
end
${lines.join('\n')}
`;
}

/** Options of fish's `complete`: -x allows only these values, -r allows paths. */
function fishValues(name: string, { value }: OfferedOption): readonly string[] {
  if (value === 'none') return [];
  if (value === 'other') return ['-r'];
  return value === 'syncs'
    ? [`-x -a ${fishQuote(`(__${name}_syncs)`)}`]
    : [`-x -a ${fishQuote(value.join(' '))}`];
}

function fishQuote(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
