// After an outage of all nodes the driver (4.10) makes a new Host of the node that it reaches first, in the place of the
// one that it had:
// - it forgets the old one, whose connection pool continues and connects: Client.shutdown() does not know it, and the
//   process never ends. So a host that leaves the map is shut down here;
// - its table of replicas, made when the client connected, keeps the old one, and its plan of a statement leaves out the
//   new one, which has the same address: a client of one node would never reach it again. So a plan names the hosts of
//   the map.
import type { Client, Host, HostMap, policies } from 'cassandra-driver';
import type { Driver } from './driver.js';

type LoadBalancing = policies.loadBalancing.LoadBalancingPolicy;
type QueryPlan = Parameters<LoadBalancing['newQueryPlan']>;

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

/** The driver's policy that prefers the replicas of a partition, then takes the plan of `others`; without old hosts. */
export function currentReplicasFirst(driver: Driver, others: LoadBalancing): LoadBalancing {
  const { TokenAwarePolicy } = driver.policies.loadBalancing;
  class CurrentReplicasPolicy extends TokenAwarePolicy {
    #hosts: HostMap | undefined;

    override init(...[client, hosts, done]: Parameters<LoadBalancing['init']>): void {
      this.#hosts = hosts;
      super.init(client, hosts, done);
    }

    override newQueryPlan(...[keyspace, options, done]: QueryPlan): void {
      super.newQueryPlan(keyspace, options, (error, plan) =>
        done(error, this.#hosts && plan ? currentHosts(plan, this.#hosts) : plan),
      );
    }
  }
  return new CurrentReplicasPolicy(others);
}

function* currentHosts(plan: Iterator<Host>, hosts: HostMap): Iterator<Host> {
  for (let next = plan.next(); !next.done; next = plan.next()) {
    const host = hosts.get(next.value.address);
    if (host !== undefined) yield host;
  }
}
