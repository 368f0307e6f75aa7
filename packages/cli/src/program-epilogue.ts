// What help says after the list of commands.
export const PROGRAM_EPILOGUE = `
Exit codes: 0 done; 1 failed; 2 wrong usage; 3 no such sync; 4 damaged or unfit
input, or a failed check; 5 no such store or file; 6 locked by another process;
129, 130, 143 ended by SIGHUP, SIGINT (Ctrl-C), SIGTERM, the store as it was.

A sync is named by its id, the beginning of its id, latest, latest-finished, or
@2 for the second newest.

First steps:
  $ sstitch demo
      Watch a compaction, from start to proof, in a temporary folder.
  $ sstitch compact --help
      The main job, with examples.
`;
