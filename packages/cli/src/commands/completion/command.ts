import { defineCommand } from '../../command-line/command-spec.js';

export const completionCommand = defineCommand({
  name: 'completion',
  summary: 'print what makes a shell complete command lines',
  description:
    'Prints a script that completes commands, options and their values, the syncs of a store among ' +
    'them; the shell reads it at its start.',
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
    ['completion zsh > ~/.sstitch.zsh', 'for zsh: let ~/.zshrc source that file, after compinit'],
    ['completion fish > ~/.config/fish/completions/sstitch.fish', 'for fish'],
  ],
});
