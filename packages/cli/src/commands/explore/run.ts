import { once } from 'node:events';
import { basename, resolve } from 'node:path';
import { explore, type ViewSource } from '@sstitch/explore';
import type { CommandContext, Run } from '../../command-line/command-context.js';
import type { InputOf } from '../../command-line/command-spec.js';
import { isClusterName, parseClusterName } from '../../command-line/store-name.js';
import { withStoreOf } from '../../operations/open-syncs.js';
import { jsonText } from '../../terminal/escape.js';
import type { exploreCommand } from './command.js';
import { startBrowser } from './start-browser.js';

type Input = InputOf<typeof exploreCommand>;

export const run: Run<typeof exploreCommand> = (context, input) =>
  withStoreOf(context, input.store, input.zone, (location) => serve(context, input, location));

/** A store on a cluster: each refresh of the page opens it again. */
async function clusterSource(address: string): Promise<ViewSource> {
  const { openClusterReader } = await import('../../stores/open-cluster.js');
  return {
    location: address,
    name: parseClusterName(address).store,
    open: async () => {
      const { reader, close } = await openClusterReader(address);
      return { engine: reader, close };
    },
  };
}

/** Serves the page until the process receives a signal. */
async function serve(context: CommandContext, input: Input, location: string): Promise<undefined> {
  const { io, json, note, progress, signal } = context;
  const [store, name] = isClusterName(location)
    ? [await clusterSource(location), parseClusterName(location).store]
    : [location, basename(resolve(input.store))];
  const explorer = await explore(store, { port: input.port, name, signal });
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
