// A network of its own for each node, so that a node can be cut off: a bridge on the host, and a namespace a node whose
// only link leads to the bridge. Packets to a node whose link is down vanish, as with a cable that is pulled.
import { execFileSync } from 'node:child_process';

const SUBNET = '10.231.7';
const BRIDGE = 'sstitch-br';
const HOST_ADDRESS = `${SUBNET}.254/24`;

const namespaceOf = (node) => `sstitch-${node}`;
const linkOf = (node) => `sstitch-l${node}`;

function ip(...args) {
  execFileSync('ip', args, { stdio: ['ignore', 'ignore', 'pipe'] });
}

/** The address of a node (from 1) in its namespace. */
export function namespaceAddress(node) {
  return `${SUBNET}.${node}`;
}

/** Makes the bridge and the namespaces of nodes 1 to `count`. */
export function createNamespaces(count) {
  removeNamespaces(count);
  ip('link', 'add', BRIDGE, 'type', 'bridge');
  ip('addr', 'add', HOST_ADDRESS, 'dev', BRIDGE);
  ip('link', 'set', BRIDGE, 'up');
  for (let node = 1; node <= count; node++) {
    const namespace = namespaceOf(node);
    ip('netns', 'add', namespace);
    ip('link', 'add', linkOf(node), 'type', 'veth', 'peer', 'name', 'eth0', 'netns', namespace);
    ip('link', 'set', linkOf(node), 'master', BRIDGE, 'up');
    ip('-n', namespace, 'addr', 'add', `${namespaceAddress(node)}/24`, 'dev', 'eth0');
    ip('-n', namespace, 'link', 'set', 'eth0', 'up');
    ip('-n', namespace, 'link', 'set', 'lo', 'up');
  }
}

/** Removes what createNamespaces made, as far as it is there. */
export function removeNamespaces(count) {
  const tryIp = (...args) => {
    try {
      ip(...args);
    } catch {
      // It is not there.
    }
  };
  for (let node = 1; node <= count; node++) {
    tryIp('link', 'del', linkOf(node));
    tryIp('netns', 'del', namespaceOf(node));
  }
  tryIp('link', 'del', BRIDGE);
}

/** The command that runs another one in a node's namespace. */
export function inNamespace(node) {
  return ['ip', 'netns', 'exec', namespaceOf(node)];
}

/** Cuts a node off from all others and from the host, or connects it again. */
export function setLink(node, isUp) {
  ip('link', 'set', linkOf(node), isUp ? 'up' : 'down');
}
