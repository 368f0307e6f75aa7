import { defineCommand } from '../../command-line/command-spec.js';

export const completionCommand = defineCommand({
  name: 'completion',
  summary: 'print a completion script for a shell',
  description:
    'Prints a script that completes commands, options and their values, including the syncs of a ' +
    'store. The shell reads it when it starts.',
  arguments: [
    {
      name: 'shell',
      summary: 'which shell',
      value: { type: 'choice', choices: ['bash', 'zsh', 'fish'] },
    },
  ],
  options: {},
  examples: [
    ['completion bash > ~/.local/share/bash-completion/completions/sstitch', 'for bash'],
    ['completion zsh > ~/.sstitch.zsh', 'for zsh: source the file in ~/.zshrc, after compinit'],
    ['completion fish > ~/.config/fish/completions/sstitch.fish', 'for fish'],
  ],
});
