import { Argument } from 'commander';
import type { CommandRegistry } from '../../command-line/command.js';
import { completionScript, SHELLS, type Shell } from '../../reference/completion-script.js';

export function addCompletionCommand(registry: CommandRegistry): void {
  const command = registry.define({
    usage: 'completion',
    summary: 'print what makes a shell complete command lines',
    description:
      'Prints a script that completes commands, options and their values; the shell reads it at its start.',
    examples: [
      ['completion bash > ~/.local/share/bash-completion/completions/sstitch', 'for bash'],
      [
        'completion zsh > ~/.sstitch.zsh',
        'for zsh: let ~/.zshrc, behind compinit, source that file',
      ],
      ['completion fish > ~/.config/fish/completions/sstitch.fish', 'for fish'],
    ],
  });
  command.addArgument(new Argument('<shell>', 'which shell').choices(SHELLS)).action(
    registry.handle(async (_, shell: Shell) => {
      if (command.parent === null) throw new Error('the command belongs to no program');
      const script = completionScript(command.parent, shell);
      return { document: { shell, script }, text: script };
    }),
  );
}
