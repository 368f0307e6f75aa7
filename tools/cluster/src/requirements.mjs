// What the runs need of the machine, and what a run does where it is missing: it is skipped with one line and its own
// exit code, unless SSTITCH_CLUSTER=required.
import { spawnSync } from 'node:child_process';
import { missingPostgres } from '@sstitch/build-config/postgres-server';

/** The exit code of a run that was skipped: neither a success nor a failure. */
const EXIT_SKIPPED = 77;

const MIN_JAVA_VERSION = 11;

/** Something that a run needs is not installed. */
export class MissingRequirement extends Error {}

/** @throws MissingRequirement unless a Java that runs Cassandra is on the PATH */
export function requireJava() {
  const { status, stderr } = spawnSync('java', ['-version'], { encoding: 'utf8' });
  const version = Number(/version "(\d+)/.exec(stderr ?? '')?.[1]);
  if (status !== 0 || !(version >= MIN_JAVA_VERSION)) {
    throw new MissingRequirement(
      `Cassandra needs Java ${MIN_JAVA_VERSION} or 17 on the PATH: install openjdk-17-jre-headless`,
    );
  }
}

/** @throws MissingRequirement unless Maven is on the PATH */
export function requireMaven() {
  if (spawnSync('mvn', ['--version']).status !== 0) {
    throw new MissingRequirement("Cassandra's jars are fetched by Maven: install maven");
  }
}

/** @throws MissingRequirement unless the tests find a PostgreSQL */
export function requirePostgres() {
  if (missingPostgres !== undefined) throw new MissingRequirement(missingPostgres);
}

/** @throws MissingRequirement unless this process may create network namespaces */
export function requireNamespaces() {
  const isRoot = process.getuid?.() === 0;
  if (!isRoot || spawnSync('ip', ['netns', 'list']).status !== 0) {
    throw new MissingRequirement('a network partition needs Linux, root and ip (iproute2)');
  }
}

/** Ends the process for a requirement that is missing; throws any other error. */
export function exitForMissing(error) {
  if (!(error instanceof MissingRequirement)) throw error;
  const required = process.env['SSTITCH_CLUSTER'] === 'required';
  console.error(required ? error.message : `skipped: ${error.message}`);
  process.exit(required ? 1 : EXIT_SKIPPED);
}
