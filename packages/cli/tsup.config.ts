import { thirdPartyNotices } from '@sstitch/build-config/third-party-notices';
import { packageBuild } from '@sstitch/build-config/tsup';
import { startChunk } from './build/start-chunk.js';

/**
 * Modules that are loaded when a command runs, reads a file of syncs, opens a store on a cluster, or is given a path that
 * is not a store, and packages that are loaded when a file is compressed with zstd or a line of a file is wrong.
 */
const LAZY =
  /\/(run|with-loaded-file|open-cluster|cluster-reader|not-a-store)\.(js|ts)$|\/node_modules\/@(hpcc-js\/wasm-zstd|humanwhocodes\/momoa)\/dist\/\w+\.js$/;

export default packageBuild(
  { index: 'src/index.ts', main: 'src/main.ts' },
  {
    // Finding and loading a file takes longer than running its code, so packages of many plain JavaScript files
    // are bundled, and those that use them: they would load them once more.
    noExternal: [
      'commander',
      'picocolors',
      /^@bufbuild\/protobuf/,
      'csv-parse',
      'xxhash-wasm',
      'zstddec',
      '@hpcc-js/wasm-zstd',
      '@humanwhocodes/momoa',
      '@sstitch/access',
      '@sstitch/c1z',
      '@sstitch/contract',
      '@sstitch/keys',
      '@sstitch/operations',
      '@sstitch/records',
      '@sstitch/lines',
    ],
    // commander is CommonJS and requires built-in modules of Node.
    banner: {
      js: "import { createRequire as requireFrom } from 'node:module'; const require = requireFrom(import.meta.url);",
    },
    esbuildPlugins: [
      startChunk('src/start.ts', LAZY),
      thirdPartyNotices('dist/THIRD_PARTY_NOTICES.txt'),
    ],
  },
);
