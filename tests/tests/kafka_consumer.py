"""Follows some topics from their beginning, by kafka-python: prints a line of JSON for each record,
and an empty line behind those that came together. It ends when it is killed.

Usage: kafka_consumer.py BROKER TOPIC...
"""

import json
import sys

from kafka import KafkaConsumer, TopicPartition
from kafka.partitioner.default import murmur2


def follow(broker, topics):
    consumer = KafkaConsumer(
        bootstrap_servers=broker,
        group_id=None,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        check_crcs=True,
    )
    existing = consumer.topics().intersection(topics)
    counts = {topic: len(consumer.partitions_for_topic(topic)) for topic in existing}
    consumer.assign([TopicPartition(topic, number) for topic in existing for number in range(counts[topic])])
    consumer.seek_to_beginning()
    while True:
        together = [record for records in consumer.poll(timeout_ms=1_000).values() for record in records]
        for record in together:
            print(json.dumps(shown(record, counts[record.topic])))
        if together:
            print(flush=True)


def shown(record, partitions):
    return {
        "topic": record.topic,
        "partition": record.partition,
        "partitions": partitions,
        # Where a producer of this library would have put it.
        "expected_partition": (murmur2(record.key) & 0x7FFFFFFF) % partitions,
        "key": record.key.decode(),
        "headers": [[name, value.decode()] for name, value in record.headers],
        "value": record.value.decode(),
    }


follow(sys.argv[1], sys.argv[2:])
