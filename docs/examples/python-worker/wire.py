"""How messages between workers and orchestrators lie in Kafka: topics, headers, keys, partitions, commits (docs/worker-protocol.md)."""

import json
import sys
import time
from datetime import datetime, timezone

from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

# Topics, which a namespace and a dot come before, and channels of those that are shared.
RESULTS, HEARTBEATS, AGENT = "reprise.results", "reprise.heartbeats", "reprise.agent."
CONTROL, WORKERS, ABORTS = "reprise.control", "reprise.workers", "reprise.aborts"
ANSWERS, OWN = "reprise.agent-messages", "reprise.worker."
HOUR_MS, LARGEST = 3_600_000, 8 * 1024 * 1024


def headers_of(message):
    return {name: value.decode() for name, value in message.headers() or []}


class Wire:
    """The connections of one worker of one agent."""

    def __init__(self, brokers, agent, worker, namespace="", **client):
        self.agent, self.worker, self.prefix = agent, worker, f"{namespace}." if namespace else ""
        self.kafka = {"bootstrap.servers": brokers, "log_level": 5, **client}
        # murmur2 of the key, as Kafka's own clients have it: what is of one run is in one partition, whoever sends it.
        sending = {"partitioner": "murmur2_random", "enable.idempotence": True, "message.max.bytes": LARGEST}
        self.producer, self.taken = Producer({**self.kafka, **sending}), {}

    def publish(self, kind, topic, key, name, data, subject, root, then=None, channel=None, **more):
        """A CloudEvent in binary mode. `then` is called when it is durable; when it cannot be, the worker ends, and others go on."""
        now = datetime.now(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        said = {"specversion": "1.0", "id": name, "source": self.worker, "type": f"reprise.{kind}", "subject": subject, "time": now}
        said |= {"dataschema": f"urn:reprise:{kind}:1", "correlationid": root, "causationid": name, "partitionkey": key, **more}
        headers = [("content-type", "application/json"), *((f"ce_{one}", str(value)) for one, value in said.items())]
        headers += [] if channel is None else [("reprise-channel", channel)]
        value = json.dumps(data, allow_nan=False, ensure_ascii=False, separators=(",", ":")).encode()

        def delivered(error, _message):
            if error is not None:
                sys.exit(f"the broker did not take {name}: {error}")
            if then is not None:
                then()

        self.producer.produce(self.prefix + topic, value, key, headers=headers, on_delivery=delivered)

    def make_topics(self, stopped):
        """Waits for an orchestrator, whose topics say how many partitions there are; makes those that are missing."""
        admin = AdminClient(self.kafka)
        while (results := admin.list_topics(timeout=10).topics.get(self.prefix + RESULTS)) is None and not stopped():
            time.sleep(0.2)
        partitions = len(results.partitions) if results is not None else 1
        for topic, number, hours in [(ANSWERS, partitions, 1), (CONTROL, 1, 1), (AGENT + self.agent, partitions, 7 * 24)]:
            config = {"max.message.bytes": str(LARGEST), "retention.ms": str(hours * HOUR_MS)}
            try:
                admin.create_topics([NewTopic(self.prefix + topic, number, config=config)])[self.prefix + topic].result()
            except KafkaException as error:
                if error.args[0].name() != "TOPIC_ALREADY_EXISTS":
                    raise
        return partitions

    def open(self, partitions):
        """Hears what is said to all workers and to this one from now on; takes its share of the dispatches."""
        self.ears = Consumer({**self.kafka, "group.id": self.worker, "enable.auto.commit": False})
        heard = [TopicPartition(self.prefix + CONTROL, 0), *(TopicPartition(self.prefix + ANSWERS, n) for n in range(partitions))]
        self.ears.assign([TopicPartition(one.topic, one.partition, self.end_of(one)) for one in heard])
        # One group for all workers of the agent, in whatever language.
        group = {"group.id": f"{self.prefix}agent.{self.agent}.{AGENT}{self.agent}", "partition.assignment.strategy": "roundrobin"}
        how = {"auto.offset.reset": "earliest", "enable.auto.offset.store": False, "auto.commit.interval.ms": 100}
        self.dispatches = Consumer({**self.kafka, **group, **how, "session.timeout.ms": 10_000})
        forget = lambda _, places: [self.taken.pop((one.topic, one.partition), None) for one in places]
        self.dispatches.subscribe([f"{self.prefix}{AGENT}{self.agent}"], on_revoke=forget)

    def end_of(self, place, tries=60):
        """A topic that was made a moment ago may not be known everywhere yet."""
        while True:
            try:
                return self.ears.get_watermark_offsets(place, timeout=10)[1]
            except KafkaException:
                if (tries := tries - 1) == 0:
                    raise
                time.sleep(0.5)

    def heard(self):
        return [message for message in self.ears.consume(500, 0) if message.error() is None]

    def taken_up(self, wait):
        message = self.dispatches.poll(wait)
        if message is None or message.error() is not None:
            return []
        self.taken.setdefault((message.topic(), message.partition()), {})[message.offset()] = False
        return [message]

    def done(self, message):
        """Acknowledges a dispatch: what is committed of a partition is what is before the first that is not acknowledged."""
        place = (message.topic(), message.partition())
        offsets = self.taken.get(place, {})
        if message.offset() in offsets:
            offsets[message.offset()] = True
        while offsets and offsets[first := next(iter(offsets))]:
            del offsets[first]
            try:
                self.dispatches.store_offsets(offsets=[TopicPartition(*place, first + 1)])
            except KafkaException:  # The partition went to another, which is handed it again, and asks.
                offsets.clear()

    def close(self):
        self.producer.flush(10)
        self.dispatches.close()
        self.ears.close()
