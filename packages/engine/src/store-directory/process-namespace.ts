// The namespace of process ids: the host and, on Linux, its process namespace. Each container has its own, so a process
// id of one namespace says nothing in another.
import { createHash } from 'node:crypto';
import { readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/** Returns the namespace of this process's id in 8 digits, as the temporary files of @sstitch/records do. */
export function processNamespace(): string {
  let namespace = '';
  try {
    namespace = readlinkSync('/proc/self/ns/pid');
  } catch {
    // Not on Linux, where the host has one namespace.
  }
  return createHash('sha256').update(`${hostname()}\n${namespace}`).digest('hex').slice(0, 8);
}
