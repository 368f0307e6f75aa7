import { defineCommand } from '../../command-line/command-spec.js';

export const exploreCommand = defineCommand({
  name: 'explore',
  summary: 'a local web page: who has what and why, what changed, what lies where',
  description:
    'Serves a page about a store, or a file of syncs, to this machine alone, opens it in a browser ' +
    'and prints its address. Whoever has the address, which holds a secret, can read the store, and ' +
    'nobody else; nothing can be changed. The page has search, graphs, differences of syncs, the ' +
    'LSM tree, and every list as CSV. It shows the store as it is when the page is opened or ' +
    'refreshed, also while another process writes it. Ctrl-C ends it.',
  arguments: [
    {
      name: 'store',
      summary: 'the store, or the .c1z, .jsonl or .csv file, to read',
      value: { type: 'path', of: 'store' },
    },
  ],
  options: {
    port: {
      summary: 'the port to listen on; by default one that is free',
      value: { type: 'count', least: 1, most: 65_535 },
      placeholder: 'n',
    },
    open: { summary: 'print the address, and start no browser', negated: true },
    zone: {
      summary: 'the time zone of times in a .c1z file that name none; by default that of this host',
      value: { type: 'text' },
      placeholder: 'zone',
    },
  },
  examples: [
    ['explore base', 'look around'],
    ['explore sync.c1z', 'a file of syncs'],
    ['explore base --no-open --port 8080', 'for a tunnel from another machine'],
  ],
});
