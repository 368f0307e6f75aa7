export { CliError, type CliErrorCode, type ErrorReport } from './errors.js';
export { EXIT_CODES, type ExitCode } from './exit-codes.js';
export { run } from './run-program.js';
export type { Environment, Io, Output } from './terminal/io.js';
