import { defineCommand } from '../../command-line/command-spec.js';
import { waitOption } from '../../command-line/shared-options.js';

export const checkpointCommand = defineCommand({
  name: 'checkpoint',
  summary: 'copy a store by links',
  description:
    'Makes a store in a directory that holds what the store holds now. Tables are linked, so that it ' +
    'costs next to no time and space; on another file system they are copied. A linked file may ' +
    'hold what was removed from the store; with --purge such tables are copied without it. ' +
    'With --format pebble the directory becomes a database that Pebble, the storage engine in Go, ' +
    'opens, and LevelDB too; all entries are written anew. The first of the two that opens it to ' +
    'write owns it.',
  arguments: [
    { name: 'store', summary: 'the store to copy', value: { type: 'path', of: 'store' } },
    {
      name: 'directory',
      summary: 'the directory to make',
      value: { type: 'path', of: 'directory' },
    },
  ],
  options: {
    purge: { summary: 'leave no byte of removed data in any file of the copy' },
    format: {
      summary: 'what the directory becomes',
      value: { type: 'choice', choices: ['store', 'pebble'] },
      placeholder: 'format',
      default: 'store',
    },
    wait: waitOption,
  },
  examples: [
    ['checkpoint base backup/base-monday', 'a consistent copy'],
    ['checkpoint base outgoing --purge', 'to give away: nothing of what was removed'],
    ['checkpoint base for-go --format pebble', 'for a program in Go'],
  ],
});
