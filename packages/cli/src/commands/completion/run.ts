import type { Run } from '../../command-line/command-context.js';
import { completionScript } from '../../reference/completion-script.js';
import type { completionCommand } from './command.js';

export const run: Run<typeof completionCommand> = async ({ program }, { shell }) => {
  const script = completionScript(program, shell);
  return { document: { shell, script }, text: script };
};
