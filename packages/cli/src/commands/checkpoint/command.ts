import { defineCommand } from '../../command-line/command-spec.js';

export const checkpointCommand = defineCommand({
  name: 'checkpoint',
  summary: 'copy a store by hard links',
  description:
    'Creates a store with the current content of a store, which another process may have open. ' +
    'Tables are hard-linked, which takes almost no time and space; on another file system they are ' +
    'copied. A linked file may still hold data that was removed from the store; with --purge such ' +
    'tables are copied without that data. With --format pebble the directory becomes a database that both ' +
    'Pebble, the storage engine in Go, and LevelDB can open; every entry is written again. After one of the two ' +
    'has opened it for writing, the other must not open it.',
  arguments: [
    { name: 'store', summary: 'the store to copy', value: { type: 'path', of: 'store directory' } },
    {
      name: 'directory',
      summary: 'the directory to create',
      value: { type: 'path', of: 'directory' },
    },
  ],
  options: {
    purge: { summary: 'leave no byte of removed data in any file of the copy' },
    format: {
      summary: 'the format of the directory',
      value: { type: 'choice', choices: ['store', 'pebble'] },
      placeholder: 'format',
      default: 'store',
    },
  },
  examples: [
    ['checkpoint base backup/base-monday', 'a consistent copy'],
    ['checkpoint base outgoing --purge', 'a copy to give away, without removed data'],
    ['checkpoint base for-go --format pebble', 'for a program in Go'],
  ],
});
