import { packageBuild } from '@sstitch/build-config/tsup';
import { startChunk } from './start-chunk.js';

export default packageBuild(
  {
    index: 'src/index.ts',
    main: 'src/main.ts',
    // For the benchmark alone, which compares it with writing in batches.
    'bulk-import': 'src/bulk-import.ts',
  },
  {
    noExternal: [
      'commander',
      'picocolors',
      /^@bufbuild\/protobuf/,
      '@sstitch/keys',
      '@sstitch/records',
    ],
    banner: {
      js: "import { createRequire as requireFrom } from 'node:module'; const require = requireFrom(import.meta.url);",
    },
    esbuildPlugins: [startChunk('src/start.ts', /\/(run|bulk-import)\.(js|ts)$/)],
  },
);
