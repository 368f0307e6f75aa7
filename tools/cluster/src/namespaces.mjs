// The network of nodes that can be cut off: a bridge on the host, and for each node a namespace whose only link leads to
// the bridge. Packets to a node whose link is down vanish, as with a cable that is pulled.
import { execFileSync } from 'node:child_process';

/** Names of interfaces have at most 15 characters. */
const bridgeOf = (network) => `sst${network}br`;
const linkOf = (network, node) => `sst${network}l${node}`;
const namespaceOf = (network, node) => `sstitch-${network}-${node}`;
const HOST = 254;

function ip(...args) {
  execFileSync('ip', args, { stdio: ['ignore', 'ignore', 'pipe'] });
}

/** The address of a node (from 1) in a network (0 to 255). */
export function namespaceAddress(network, node) {
  return `10.231.${network}.${node}`;
}

/** Makes the bridge of a network and the namespaces of nodes 1 to `count`. */
export function createNamespaces(network, count) {
  removeNamespaces(network, count);
  const bridge = bridgeOf(network);
  ip('link', 'add', bridge, 'type', 'bridge');
  ip('addr', 'add', `${namespaceAddress(network, HOST)}/24`, 'dev', bridge);
  ip('link', 'set', bridge, 'up');
  for (let node = 1; node <= count; node++) {
    const namespace = namespaceOf(network, node);
    const link = linkOf(network, node);
    ip('netns', 'add', namespace);
    ip('link', 'add', link, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', namespace);
    ip('link', 'set', link, 'master', bridge, 'up');
    const address = `${namespaceAddress(network, node)}/24`;
    ip('-n', namespace, 'addr', 'add', address, 'dev', 'eth0');
    ip('-n', namespace, 'link', 'set', 'eth0', 'up');
    ip('-n', namespace, 'link', 'set', 'lo', 'up');
  }
}

/** Removes what createNamespaces made, as far as it is there. */
export function removeNamespaces(network, count) {
  const tryIp = (...args) => {
    try {
      ip(...args);
    } catch {
      // It is not there.
    }
  };
  for (let node = 1; node <= count; node++) {
    tryIp('link', 'del', linkOf(network, node));
    tryIp('netns', 'del', namespaceOf(network, node));
  }
  tryIp('link', 'del', bridgeOf(network));
}

/** The command that runs another one in a node's namespace. */
export function inNamespace(network, node) {
  return ['ip', 'netns', 'exec', namespaceOf(network, node)];
}

/** Cuts a node off from all others and from the host, or connects it again. */
export function setLink(network, node, isUp) {
  ip('link', 'set', linkOf(network, node), isUp ? 'up' : 'down');
}
