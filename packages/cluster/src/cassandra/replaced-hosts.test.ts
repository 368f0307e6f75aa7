import type { Client, ExecutionOptions, Host, HostMap } from 'cassandra-driver';
import { expect, it } from 'vitest';
import { loadDriver } from './driver.js';
import { currentReplicasFirst } from './replaced-hosts.js';

const driver = await loadDriver();

/** The addresses and versions of the plan's hosts, where the driver's table of replicas has other hosts than its map. */
async function planOf(replicas: readonly string[], current: readonly string[]): Promise<string[]> {
  const hostOf = (name: string) => ({ name, address: name.split(' ')[0] }) as unknown as Host;
  const map = new Map(current.map(hostOf).map((host) => [host.address, host]));
  const hosts = {
    get: (address: string) => map.get(address),
    values: () => [...map.values()],
  } as unknown as HostMap;
  const client = { getReplicas: () => replicas.map(hostOf) } as unknown as Client;
  const policy = currentReplicasFirst(driver, new driver.policies.loadBalancing.RoundRobinPolicy());
  await new Promise<void>((resolve) => policy.init(client, hosts, () => resolve()));
  const options = { getRoutingKey: () => Buffer.of(1), getKeyspace: () => 'k' };
  const plan = await new Promise<Iterator<Host>>((resolve, reject) =>
    policy.newQueryPlan('k', options as unknown as ExecutionOptions, (error, iterator) =>
      error ? reject(error) : resolve(iterator),
    ),
  );
  const names: string[] = [];
  for (let next = plan.next(); !next.done; next = plan.next()) {
    names.push((next.value as unknown as { name: string }).name);
  }
  return names;
}

it('a plan names the host that replaced a replica, and none that left', async () => {
  expect(await planOf(['a old'], ['a new'])).toEqual(['a new']);
  expect(await planOf(['a', 'b old'], ['a', 'b new', 'c'])).toEqual(
    expect.arrayContaining(['a', 'b new', 'c']),
  );
  expect(await planOf(['gone'], ['a', 'b'])).toHaveLength(2);
});

it('a plan begins with the replicas', async () => {
  for (let at = 0; at < 10; at++) expect((await planOf(['c'], ['a', 'b', 'c']))[0]).toBe('c');
});
