// Cassandra's jars, fetched once from Maven Central into the user's cache.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { requireMaven } from './requirements.mjs';

const VERSION = '5.0.9';
const POM = fileURLToPath(new URL('../pom.xml', import.meta.url));

const cache = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache');
const jarsDirectory = join(cache, 'sstitch', `cassandra-${VERSION}`);

/** The directory of the jars; fetches them if they are not there. It appears whole, by a rename. */
export async function cassandraJars() {
  if (existsSync(jarsDirectory)) return jarsDirectory;
  requireMaven();
  await mkdir(dirname(jarsDirectory), { recursive: true });
  const fetched = await mkdtemp(`${jarsDirectory}-`);
  try {
    const goal = ['-q', '-B', '-f', POM, 'dependency:copy-dependencies'];
    const options = [`-DoutputDirectory=${fetched}`, '-DincludeScope=runtime'];
    await promisify(execFile)('mvn', [...goal, ...options]);
    await rename(fetched, jarsDirectory);
  } catch (error) {
    await rm(fetched, { recursive: true, force: true });
    if (!existsSync(jarsDirectory)) throw error;
  }
  return jarsDirectory;
}
