// Waits for a store that another process has open, and shows which process that is.
import type { CommandContext } from '../command-line/command-context.js';
import type { Patience } from '../stores/open-store.js';

/** How long and how visibly a command waits. @param waitSeconds the value of --wait */
export function patienceOf(context: CommandContext, waitSeconds: number): Patience {
  const { note, progress, signal } = context;
  let isNoted = false;
  return {
    waitSeconds,
    signal,
    onWait: ({ message }, leftMs) => {
      if (!isNoted) note(`waiting: ${message}`);
      isNoted = true;
      progress.update({ doing: `waiting ${Math.ceil(leftMs / 1000)} s: ${message}` });
    },
  };
}
