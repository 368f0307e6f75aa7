// What every command line needs, in one file: main.js loads it once the compile cache is on.
export { run } from './run-program.js';
export { processIo } from './terminal/process-io.js';
