import { defineCommand } from '../../command-line/command-spec.js';
import { waitOption } from '../../command-line/shared-options.js';

export const watchCommand = defineCommand({
  name: 'watch',
  runsUntilSignal: true,
  summary: 'import each finished sync that appears in a directory',
  description:
    'Checks a directory repeatedly and imports the finished syncs of each file that appears in it ' +
    '(.c1z or .jsonl, compressed or not) into a store, which is created if it does not exist. ' +
    'Each file replaces, in one commit, what the store holds of its syncs. A file is read when its ' +
    'size and time have not changed for a whole interval. A file that cannot be imported is retried when it ' +
    'changes, and at growing intervals of up to a minute; if something in it is wrong, at most seven times. ' +
    'A sync that the store already holds with the same or a later end is skipped, so a watch can be stopped ' +
    'and restarted. A sheet of grants (.csv) is skipped, because it holds less than a sync (see `import`). The store is ' +
    'open only during an import. ' +
    'Prints a line for each file, with --json a document for each. Runs until it is interrupted; ' +
    '--once ends after checking each file.',
  arguments: [
    {
      name: 'directory',
      summary: 'the directory to watch',
      value: { type: 'path', of: 'directory' },
    },
  ],
  options: {
    into: {
      summary: 'the store to import into',
      value: { type: 'path', of: 'store' },
      placeholder: 'store',
      required: true,
    },
    interval: {
      summary: 'the interval between two checks, in seconds',
      value: { type: 'count', least: 1, most: 86_400 },
      placeholder: 'seconds',
      default: 2,
    },
    once: { summary: 'check the existing files and end' },
    zone: {
      summary:
        'the time zone of the times in .c1z files without zones; the default is that of this host',
      value: { type: 'text' },
      placeholder: 'zone',
    },
    wait: waitOption,
  },
  examples: [
    ['watch /srv/syncs --into base', 'until it is interrupted'],
    ['watch /srv/syncs --into base --once', 'from a timer'],
    ['watch /srv/syncs --into base --json >> watch.log', 'a log for programs'],
  ],
});
