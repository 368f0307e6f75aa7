#!/usr/bin/env node
import { run } from './run.js';
import { processIo } from './terminal/process-io.js';

// All output is written by now, and every store closed: an idle thread must not keep the process alive.
process.exitCode = await run(process.argv.slice(2), processIo());
