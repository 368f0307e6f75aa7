// The entry of the one file that every command line needs. main.js loads it after it has enabled the compile cache.
export { run } from './run-program.js';
export { processIo } from './terminal/process-io.js';
