import { defineCommand } from '../../command-line/command-spec.js';
import { waitOption } from '../../command-line/shared-options.js';

export const watchCommand = defineCommand({
  name: 'watch',
  summary: 'bring each finished sync that appears in a directory into a store',
  description:
    'Looks at a directory again and again, and brings the finished syncs of each file that appears ' +
    'in it (.c1z, .jsonl, .csv, compressed or not) into a store, which is made if it does not ' +
    'exist: what the store holds of a sync is replaced, in one commit a file. A file is read once ' +
    'its size and time have not changed for a whole interval; one that cannot be read is tried ' +
    'again, at growing intervals, and once it changes. A sync that the store holds already, ended ' +
    'at the same time, is passed over: a watch can be ended and started again. The store is open ' +
    'only while a file is brought in. Prints one line a file, with --json one document a line. ' +
    'Runs until it is interrupted; --once ends when each file has been looked at.',
  arguments: [
    {
      name: 'directory',
      summary: 'the directory that files appear in',
      value: { type: 'path', of: 'directory' },
    },
  ],
  options: {
    into: {
      summary: 'the store to bring them into',
      value: { type: 'path', of: 'store' },
      placeholder: 'store',
      required: true,
    },
    interval: {
      summary: 'how often to look, in seconds',
      value: { type: 'count', least: 1, most: 86_400 },
      placeholder: 'seconds',
      default: 2,
    },
    once: { summary: 'look at what is there, and end' },
    zone: {
      summary: 'the time zone of times in .c1z files that name none; by default that of this host',
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
