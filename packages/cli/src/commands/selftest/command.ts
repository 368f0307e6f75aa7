import { defineCommand } from '../../command-line/command-spec.js';

export const selftestCommand = defineCommand({
  name: 'selftest',
  summary: 'check the guarantees on your own disk',
  description:
    'Checks the guarantees of the engine, the isolation fixtures with every strategy and a compaction ' +
    'while a reader is open, then kills processes that compact, write and adopt and checks what they ' +
    'leave. Works in a directory of its own that is removed at the end. Exits with 0 only if every ' +
    'check passes. It cannot test a power cut: surviving one depends on a disk that keeps what it ' +
    'has fsynced.',
  arguments: [],
  options: {
    dir: {
      summary: 'a directory on the disk to check',
      value: { type: 'path', of: 'directory' },
      placeholder: 'directory',
      default: '.',
    },
    kills: {
      summary: 'number of processes to kill',
      value: { type: 'count', least: 0, most: 100_000 },
      placeholder: 'n',
      default: 24,
    },
    seed: {
      summary: 'seed of the moments at which processes are killed',
      value: { type: 'count', least: 0 },
      placeholder: 's',
      default: 1,
    },
  },
  examples: [
    ['selftest', 'checks the disk of the current directory; takes half a minute'],
    ['selftest --dir /data --kills 1000', 'another disk, for longer'],
  ],
});
