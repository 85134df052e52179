"""What a node of Cassandra reads when it starts, as data: the settings, the log, and the arguments of Java.

The official image and the one made here have the jars in the same folder and Java on their PATH. So a node is Java
itself with files of its own, and neither the scripts nor the settings of an image have a part in it.
"""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from harness.options import Value

FOLDER: Final = "/quorate"
"""Where the files are put."""

DATA: Final = "/var/lib/cassandra"
CQL_PORT: Final = 9042

SETTINGS: Final = f"{FOLDER}/cassandra.yaml"
LOG: Final = f"{FOLDER}/logback.xml"
ARGUMENTS: Final = f"{FOLDER}/java.options"

RING: Final = 1 << 64
"""How many tokens Murmur3Partitioner has; the first is -2^63."""

_EXPORTS: Final = {
    "java.base": "jdk.internal.misc jdk.internal.ref sun.nio.ch",
    "java.management.rmi": "com.sun.jmx.remote.internal.rmi",
    "java.rmi": "sun.rmi.registry sun.rmi.server sun.rmi.transport.tcp",
    "java.sql": "java.sql",
}
_OPENS: Final = {
    "java.base": "java.io java.lang java.lang.module java.lang.reflect java.nio java.util java.util.concurrent "
    "java.util.concurrent.atomic jdk.internal.loader jdk.internal.math jdk.internal.module jdk.internal.ref "
    "jdk.internal.reflect jdk.internal.util.jar sun.nio.ch",
    "jdk.management": "com.sun.management.internal",
    "java.rmi": "sun.rmi.transport.tcp",
}
"""Packages of Java 17 that Cassandra reaches into: module → packages."""

_LOGBACK: Final = b"""<configuration>
  <appender name="STDOUT" class="ch.qos.logback.core.ConsoleAppender">
    <encoder><pattern>%date{ISO8601} %-5level [%thread] %logger{0} - %msg%n</pattern></encoder>
  </appender>
  <root level="INFO"><appender-ref ref="STDOUT"/></root>
</configuration>
"""


def files(node: str, addresses: Mapping[str, str], options: Mapping[str, Any], library: str) -> dict[str, bytes]:
    """Path inside the node → content, for one node.

    Args:
        node: Its name.
        addresses: Of all nodes, by name.
        options: The target's settings.
        library: Folder of the jars in the image.
    """
    settings = msgspec.json.format(msgspec.json.encode(node_settings(node, addresses, options)), indent=2)
    return {SETTINGS: settings + b"\n", LOG: _LOGBACK, ARGUMENTS: java_arguments(options["heap"], library)}


def token(position: int, nodes: int) -> int:
    """The one token of a node, so that all own equal parts of the ring."""
    return position * RING // nodes - RING // 2


def node_settings(node: str, addresses: Mapping[str, str], options: Mapping[str, Any]) -> dict[str, Value | list[Any]]:
    """``cassandra.yaml`` of one node; JSON is YAML."""
    names = list(addresses)
    wait = f"{options['server-timeout']}ms"
    sync = options["commitlog-sync"]
    return {
        "cluster_name": "quorate",
        # One token of its own for each: nodes that start together and choose by chance collide.
        "num_tokens": 1,
        "initial_token": str(token(names.index(node), len(names))),
        "auto_bootstrap": False,
        "partitioner": "org.apache.cassandra.dht.Murmur3Partitioner",
        "endpoint_snitch": "SimpleSnitch",
        "seed_provider": [
            {
                "class_name": "org.apache.cassandra.locator.SimpleSeedProvider",
                "parameters": [{"seeds": ",".join(addresses.values())}],
            }
        ],
        "listen_address": addresses[node],
        "rpc_address": addresses[node],
        "native_transport_port": CQL_PORT,
        "data_file_directories": [f"{DATA}/data"],
        "commitlog_directory": f"{DATA}/commitlog",
        "saved_caches_directory": f"{DATA}/saved_caches",
        "hints_directory": f"{DATA}/hints",
        # As the settings that Cassandra is shipped with say; without them a failing disk is ignored.
        "disk_failure_policy": "stop",
        "commit_failure_policy": "stop",
        "commitlog_sync": sync,
        **({"commitlog_sync_period": "10000ms"} if sync == "periodic" else {}),
        "hinted_handoff_enabled": options["hinted-handoff"],
        "paxos_variant": options["paxos-variant"],
        "read_request_timeout": wait,
        "range_request_timeout": wait,
        "write_request_timeout": wait,
        "counter_write_request_timeout": wait,
        "cas_contention_timeout": wait,
        "request_timeout": wait,
        # Room for three nodes on a small machine; Cassandra's own are shares of a large heap.
        "memtable_heap_space": "64MiB",
        "memtable_offheap_space": "64MiB",
        "file_cache_size": "32MiB",
        "networking_cache_size": "16MiB",
        "key_cache_size": "4MiB",
        "counter_cache_size": "4MiB",
        "commitlog_segment_size": "8MiB",
    }


def java_arguments(heap: int, library: str) -> bytes:
    """The argument file that ``java @FILE`` reads: ``heap`` is in MiB."""
    lines = [
        f"-Xms{heap}m",
        f"-Xmx{heap}m",
        "-XX:+UseSerialGC",
        "-XX:+ExitOnOutOfMemoryError",
        # Without the second compiler three nodes on two processors serve after a third of the time.
        "-XX:TieredStopAtLevel=1",
        "-XX:-UsePerfData",
        f"-Dcassandra.config=file://{SETTINGS}",
        f"-Dlogback.configurationFile={LOG}",
        f"-Dcassandra.storagedir={DATA}",
        "-Dcassandra-foreground=yes",
        "-Dcassandra.ring_delay_ms=5000",
        "-Dcassandra.superuser_setup_delay_ms=0",
        # The target asks every node whether it sees all others, which is what this would wait for.
        "-Dcassandra.skip_wait_for_gossip_to_settle=0",
        # Rows from which the overhead of one is estimated; its own number takes seconds.
        "-Dcassandra.memtable_row_overhead_computation_step=1000",
        "-Djdk.attach.allowAttachSelf=true",
        "-Dio.netty.tryReflectionSetAccessible=true",
        *_packages("--add-exports", _EXPORTS),
        *_packages("--add-opens", _OPENS),
        f'-cp "{library}/*"',
        "org.apache.cassandra.service.CassandraDaemon",
    ]
    return "".join(f"{line}\n" for line in lines).encode()


def _packages(argument: str, modules: Mapping[str, str]) -> list[str]:
    return [
        f"{argument} {module}/{package}=ALL-UNNAMED" for module, names in modules.items() for package in names.split()
    ]
