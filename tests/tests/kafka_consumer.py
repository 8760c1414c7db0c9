"""Follows some topics from their beginning, by kafka-python: prints a line of JSON for each record,
and an empty line behind those that came together. It ends when it is killed.

Usage: kafka_consumer.py SETTINGS TOPIC...

SETTINGS are a JSON object: where the brokers are, and how one logs in.
"""

import json
import sys
import time

from kafka import KafkaConsumer, TopicPartition
from kafka.partitioner.default import murmur2


def follow(settings, topics):
    consumer = KafkaConsumer(
        **settings,
        group_id=None,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        check_crcs=True,
    )
    # They are made with their first event.
    while not consumer.topics().issuperset(topics):
        time.sleep(0.1)
    counts = {topic: len(consumer.partitions_for_topic(topic)) for topic in topics}
    consumer.assign([TopicPartition(topic, number) for topic in topics for number in range(counts[topic])])
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


follow(json.loads(sys.argv[1]), sys.argv[2:])
