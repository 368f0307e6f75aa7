// After an outage of all nodes the driver (4.10) makes a new Host of the node that it reaches first, in the place of the
// one that it had, and forgets the old one: its connection pool continues and connects, Client.shutdown() does not know it,
// and the process never ends. So a host that leaves the map is shut down here.
import type { Client, Host } from 'cassandra-driver';

/** What Client.shutdown() calls on each host; the driver's types omit it. */
interface ShutDown {
  shutdown(waitForPending: boolean): Promise<void>;
}

export function shutDownReplacedHosts({ hosts }: Client): void {
  hosts.on('remove', (host: Host & Partial<ShutDown>) => {
    // Not with `true`: a pool that was drained connects again. Statements in progress are sent again to another node.
    host.shutdown?.(false).catch(() => undefined);
  });
}
