// The files and the command line of a small Cassandra node: 400 MiB of heap, one garbage collector thread, one
// compiler. A node starts in about 20 s of one core and takes 0.75 GiB.
import { join } from 'node:path';

const MIN_TOKEN = -(2n ** 63n);

const COMMIT_LOG_SYNC = {
  periodic: 'commitlog_sync: periodic\ncommitlog_sync_period: 10000ms',
  group: 'commitlog_sync: group\ncommitlog_sync_group_window: 2ms',
  batch: 'commitlog_sync: batch',
};

const OPEN_TO_ALL = `authenticator: AllowAllAuthenticator
authorizer: AllowAllAuthorizer`;

/** Passwords, permissions, and TLS on a port of its own beside the plain one. */
function secured(ports, keyAndCertificate) {
  return `authenticator: PasswordAuthenticator
authorizer: CassandraAuthorizer
native_transport_port_ssl: ${ports.tls}
client_encryption_options:
  enabled: true
  optional: false
  ssl_context_factory:
    class_name: org.apache.cassandra.security.PEMBasedSslContextFactory
  keystore: '${keyAndCertificate}'`;
}

/** How nodes acknowledge writes: see `commitlog_sync` in cassandra.yaml. */
export const COMMIT_LOG_MODES = Object.keys(COMMIT_LOG_SYNC);

/**
 * cassandra.yaml of a node. Tokens are given and every node is a seed, so that all nodes of a new cluster start at
 * once: there is nothing to stream.
 */
export function cassandraYaml({ addresses, node, directory, ports, commitLog, keyAndCertificate }) {
  const token = MIN_TOKEN + (BigInt(node - 1) * 2n ** 64n) / BigInt(addresses.length);
  const address = addresses[node - 1];
  const data = join(directory, 'data');
  return `cluster_name: sstitch
num_tokens: 1
initial_token: '${token}'
auto_bootstrap: false
partitioner: org.apache.cassandra.dht.Murmur3Partitioner
endpoint_snitch: SimpleSnitch
seed_provider:
  - class_name: org.apache.cassandra.locator.SimpleSeedProvider
    parameters:
      - seeds: '${addresses.join(',')}'
listen_address: ${address}
rpc_address: ${address}
native_transport_port: ${ports.cql}
storage_port: ${ports.storage}
${keyAndCertificate === undefined ? OPEN_TO_ALL : secured(ports, keyAndCertificate)}
data_file_directories: ['${join(data, 'data')}']
commitlog_directory: '${join(data, 'commitlog')}'
hints_directory: '${join(data, 'hints')}'
saved_caches_directory: '${join(data, 'saved_caches')}'
cdc_raw_directory: '${join(data, 'cdc_raw')}'
${COMMIT_LOG_SYNC[commitLog]}
commitlog_segment_size: 32MiB
commitlog_total_space: 1024MiB
disk_optimization_strategy: ssd
disk_access_mode: mmap_index_only
memtable_heap_space: 192MiB
memtable_offheap_space: 192MiB
memtable_allocation_type: offheap_objects
memtable:
  configurations:
    trie: { class_name: TrieMemtable }
    default: { inherits: trie }
sstable:
  selected_format: bti
  format:
    bti: {}
storage_compatibility_mode: NONE
concurrent_reads: 16
concurrent_writes: 32
concurrent_compactors: 2
compaction_throughput: 64MiB/s
key_cache_size: 0MiB
file_cache_size: 128MiB
networking_cache_size: 64MiB
paxos_variant: v2
read_request_timeout: 5000ms
range_request_timeout: 10000ms
write_request_timeout: 4000ms
cas_contention_timeout: 2000ms
hinted_handoff_enabled: true
max_hint_window: 3h
auto_snapshot: false
`;
}

/** logback.xml: everything goes to system.log. */
export const LOGBACK_XML = `<configuration>
  <appender name="FILE" class="ch.qos.logback.core.FileAppender">
    <file>\${cassandra.logdir}/system.log</file>
    <encoder><pattern>%-5level [%thread] %date{ISO8601} %F:%L - %msg%n</pattern></encoder>
  </appender>
  <root level="INFO"><appender-ref ref="FILE"/></root>
</configuration>
`;

/** What Cassandra needs of modules that Java closes: conf/jvm17-server.options of its distribution. */
const OPEN_MODULES = [
  ...['--add-exports', 'java.base/jdk.internal.misc=ALL-UNNAMED'],
  ...['--add-exports', 'java.management.rmi/com.sun.jmx.remote.internal.rmi=ALL-UNNAMED'],
  ...['--add-exports', 'java.rmi/sun.rmi.registry=ALL-UNNAMED'],
  ...['--add-exports', 'java.rmi/sun.rmi.server=ALL-UNNAMED'],
  ...['--add-exports', 'java.sql/java.sql=ALL-UNNAMED'],
  ...['--add-exports', 'java.base/java.lang.ref=ALL-UNNAMED'],
  ...['--add-exports', 'jdk.unsupported/sun.misc=ALL-UNNAMED'],
  ...['--add-opens', 'java.base/java.lang.module=ALL-UNNAMED'],
  ...['--add-opens', 'java.base/jdk.internal.loader=ALL-UNNAMED'],
  ...['--add-opens', 'java.base/jdk.internal.ref=ALL-UNNAMED'],
  ...['--add-opens', 'java.base/jdk.internal.reflect=ALL-UNNAMED'],
  ...['--add-opens', 'java.base/jdk.internal.math=ALL-UNNAMED'],
  ...['--add-opens', 'java.base/jdk.internal.module=ALL-UNNAMED'],
  ...['--add-opens', 'java.base/jdk.internal.util.jar=ALL-UNNAMED'],
  ...['--add-opens', 'jdk.management/com.sun.management.internal=ALL-UNNAMED'],
  ...['--add-opens', 'java.base/sun.nio.ch=ALL-UNNAMED'],
  ...['--add-opens', 'java.base/java.io=ALL-UNNAMED'],
  ...['--add-opens', 'java.base/java.nio=ALL-UNNAMED'],
  ...['--add-opens', 'java.base/java.lang.reflect=ALL-UNNAMED'],
  ...['--add-opens', 'java.base/java.lang=ALL-UNNAMED'],
  ...['--add-opens', 'java.base/java.util=ALL-UNNAMED'],
  ...['--add-opens', 'java.base/java.util.concurrent=ALL-UNNAMED'],
  ...['--add-opens', 'java.base/java.util.concurrent.atomic=ALL-UNNAMED'],
];

/** The arguments of `java` that run a node. */
export function javaArguments({ jars, directory, jmxPort }) {
  const conf = join(directory, 'conf');
  return [
    ...['-Xms400M', '-Xmx400M', '-Xss256k', '-XX:MaxDirectMemorySize=256M'],
    ...['-XX:MaxMetaspaceSize=128M', '-XX:ReservedCodeCacheSize=64M'],
    // G1 and the optimizing compiler double the CPU of a start.
    ...['-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-XX:ActiveProcessorCount=2'],
    ...['-XX:+PerfDisableSharedMem', '-XX:+ExitOnOutOfMemoryError'],
    ...['-Djava.net.preferIPv4Stack=true', '-Djdk.attach.allowAttachSelf=true'],
    ...OPEN_MODULES,
    ...['-Dio.netty.tryReflectionSetAccessible=true', '-Dio.netty.allocator.maxOrder=11'],
    `-javaagent:${join(jars, 'jamm-0.4.0.jar')}`,
    `-Dcassandra.config=file://${join(conf, 'cassandra.yaml')}`,
    `-Dlogback.configurationFile=${join(conf, 'logback.xml')}`,
    `-Dcassandra.storagedir=${join(directory, 'data')}`,
    `-Dcassandra.logdir=${join(directory, 'logs')}`,
    `-Dcassandra.jmx.local.port=${jmxPort}`,
    ...['-Dcassandra.available_processors=2', '-Dcassandra.ring_delay_ms=2000'],
    '-Dcassandra.skip_wait_for_gossip_to_settle=0',
    ...['-Dcassandra.consistent.rangemovement=false', '-Dcassandra.superuser_setup_delay_ms=-1'],
    ...['-Dcassandra-foreground=yes', '-cp', `${conf}:${join(jars, '*')}`],
    'org.apache.cassandra.service.CassandraDaemon',
  ];
}
