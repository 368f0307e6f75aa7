#!/usr/bin/env node
import { processIo } from './process-io.js';
import { run } from './run.js';

// All output is written by now, and every store closed: an idle thread must not keep the process alive.
process.exitCode = await run(process.argv.slice(2), processIo());
