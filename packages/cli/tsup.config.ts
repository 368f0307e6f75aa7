import { thirdPartyNotices } from '@sstitch/build-config/third-party-notices';
import { packageBuild } from '@sstitch/build-config/tsup';
import { startChunk } from './build/start-chunk.js';

/** Modules that commands load when they run. */
const LAZY = /\/run\.(js|ts)$/;

export default packageBuild(
  { index: 'src/index.ts', main: 'src/main.ts' },
  {
    // A file costs more to find and load than its code: what is plain JavaScript and many files is bundled.
    noExternal: [
      'commander',
      'picocolors',
      /^@bufbuild\/protobuf/,
      '@sstitch/access',
      '@sstitch/contract',
      '@sstitch/keys',
      '@sstitch/operations',
      '@sstitch/records',
      '@sstitch/lines/record-object',
    ],
    // commander is CommonJS, and requires modules of Node.
    banner: {
      js: "import { createRequire as requireFrom } from 'node:module'; const require = requireFrom(import.meta.url);",
    },
    esbuildPlugins: [
      startChunk('src/start.ts', LAZY),
      thirdPartyNotices('dist/THIRD_PARTY_NOTICES.txt'),
    ],
  },
);
