import { defineCommand } from '../../command-line/command-spec.js';

export const selftestCommand = defineCommand({
  name: 'selftest',
  summary: 'try out on your own disk what is promised',
  description:
    'Runs the guarantees of the engine, the isolation fixtures with every strategy, a compaction ' +
    'beside a reader, and then kills processes that compact, write and adopt, and checks what ' +
    'they left. In a directory of its own that is gone at the end. Exits with 0 only if all held. A ' +
    'power cut it cannot make: that rests on the disk, which must not lie about an fsync.',
  arguments: [],
  options: {
    dir: {
      summary: 'a directory on the disk to try',
      value: { type: 'path', of: 'directory' },
      placeholder: 'directory',
      default: '.',
    },
    kills: {
      summary: 'how many processes to kill',
      value: { type: 'count', least: 0, most: 100_000 },
      placeholder: 'n',
      default: 24,
    },
    seed: {
      summary: 'other seeds kill at other moments',
      value: { type: 'count', least: 0 },
      placeholder: 's',
      default: 1,
    },
  },
  examples: [
    ['selftest', 'tries the disk of the current directory; takes half a minute'],
    ['selftest --dir /data --kills 1000', 'another disk, for longer'],
  ],
});
