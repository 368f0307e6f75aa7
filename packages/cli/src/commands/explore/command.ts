import { defineCommand } from '../../command-line/command-spec.js';
import { storeOrFileArgument, zoneOption } from '../../command-line/shared-options.js';

export const exploreCommand = defineCommand({
  name: 'explore',
  runsUntilSignal: true,
  summary: 'show access, changes and files of a store on a local web page',
  description:
    'Serves a read-only web page about a store, or a file of syncs, on 127.0.0.1, opens it in a ' +
    'browser and prints its address. The address holds a secret token: all requests without it are ' +
    'refused. The page has search, access with its reasons, graphs, differences of syncs, the LSM ' +
    'tree, and every list as CSV. It shows the store as of the moment the page was opened or ' +
    'refreshed; another process may write the store meanwhile. Ctrl-C ends the command.',
  arguments: [storeOrFileArgument],
  options: {
    port: {
      summary: 'the port to listen on; the default is a free one',
      value: { type: 'count', least: 1, most: 65_535 },
      placeholder: 'n',
    },
    open: { summary: 'do not start a browser', negated: true },
    zone: zoneOption,
  },
  examples: [
    ['explore base', 'open the page in a browser'],
    ['explore sync.c1z', 'show a file of syncs'],
    ['explore base --no-open --port 8080', 'use it through an SSH tunnel'],
  ],
});
