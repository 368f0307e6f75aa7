// How a command waits for a store that another process has open: it shows whom it waits for.
import type { CommandContext } from '../command-line/command-context.js';
import type { Patience } from '../stores/open-store.js';

/** @param waitSeconds of --wait */
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
