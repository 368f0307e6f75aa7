// The tests run the sources, but a worker thread runs JavaScript only: it is built before them, if it
// is missing or older than a source.
import { globSync, statSync } from 'node:fs';
