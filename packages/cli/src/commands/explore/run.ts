import { once } from 'node:events';
import { basename, resolve } from 'node:path';
import { explore } from '@sstitch/explore';
import type { CommandContext, Run } from '../../command-line/command-context.js';
import type { InputOf } from '../../command-line/command-spec.js';
import { withStoreOf } from '../../operations/open-syncs.js';
import { jsonText } from '../../terminal/escape.js';
import type { exploreCommand } from './command.js';
import { startBrowser } from './start-browser.js';

type Input = InputOf<typeof exploreCommand>;

export const run: Run<typeof exploreCommand> = (context, input) =>
  withStoreOf(context, input.store, input.zone, (location) => serve(context, input, location));

/** Serves the page until the process receives a signal. */
async function serve(context: CommandContext, input: Input, location: string): Promise<undefined> {
  const { io, json, note, progress, signal } = context;
  const name = basename(resolve(input.store));
  const explorer = await explore(location, { port: input.port, name, signal });
  try {
    await progress.clear();
    const { url, port } = explorer;
    await io.stdout.write(json ? `${jsonText({ url, port }, 2)}\n` : `${url}\n`);
    if (input.open) startBrowser(explorer.oneTimeUrl(), note);
    progress.update({ doing: `serving ${name}; Ctrl-C ends it` });
    if (!signal.aborted) await once(signal, 'abort');
    signal.throwIfAborted();
  } finally {
    await explorer.close();
  }
}
