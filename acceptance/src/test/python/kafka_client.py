"""Administrates, produces and consumes with kafka-python. Usage: kafka_client.py SERVERS TOPIC GROUP"""

import sys

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import NewTopic
from kafka.errors import TopicAlreadyExistsError

RECORDS = 200
HEADERS = [("text", "Grüße".encode()), ("binary", b"\x00\xff")]


def main(servers, topic, group):
    admin = KafkaAdminClient(bootstrap_servers=servers)
    makes_a_topic(admin, topic)
    produces(servers, topic)
    seeks(servers, topic)
    consumes_as_a_group(servers, topic, group)
    describes_the_group(admin, group)
    admin.delete_topics([topic])
    admin.close()
    print("kafka-python: ok")


def makes_a_topic(admin, topic):
    new = NewTopic(topic, num_partitions=3, replication_factor=1)
    admin.create_topics([new])
    try:
        admin.create_topics([new])
        raise AssertionError("expected the topic to be there already")
    except TopicAlreadyExistsError:
        pass
    assert topic in admin.list_topics()


def produces(servers, topic):
    for compression in (None, "gzip"):
        producer = KafkaProducer(bootstrap_servers=servers, acks="all", compression_type=compression, linger_ms=5)
        futures = [
            producer.send(topic, key=b"key %d" % (i % 10), value=b"value %d" % i, headers=HEADERS)
            for i in range(RECORDS // 2)
        ]
        producer.flush(30)
        assert all(future.get(10).offset >= 0 for future in futures)
        producer.close()


def seeks(servers, topic):
    consumer = KafkaConsumer(bootstrap_servers=servers, consumer_timeout_ms=10_000)
    partitions = [TopicPartition(topic, partition) for partition in consumer.partitions_for_topic(topic)]
    assert len(partitions) == 3, partitions
    ends = consumer.end_offsets(partitions)
    assert sum(ends.values()) == RECORDS, ends
    full = max(ends, key=ends.get)
    consumer.assign([full])
    consumer.seek(full, ends[full] - 1)
    assert next(consumer).offset == ends[full] - 1
    consumer.seek_to_beginning(full)
    assert next(consumer).offset == 0
    assert consumer.offsets_for_times({full: 0})[full].offset == 0
    consumer.close()


def consumes_as_a_group(servers, topic, group):
    consumer = KafkaConsumer(
        topic,
        bootstrap_servers=servers,
        group_id=group,
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        consumer_timeout_ms=20_000,
    )
    values = {}
    for count, record in enumerate(consumer, 1):
        values.setdefault(record.key, []).append(record.value)
        assert record.headers == HEADERS, record.headers
        if count == RECORDS:
            break
    consumer.commit()
    committed = [consumer.committed(partition) or 0 for partition in consumer.assignment()]
    assert sum(committed) == RECORDS, committed
    consumer.close()
    for key in range(10):
        assert values[b"key %d" % key] == [b"value %d" % i for i in range(key, RECORDS // 2, 10)] * 2


def describes_the_group(admin, group):
    [description] = admin.describe_consumer_groups([group])
    assert description.state == "Empty", description
    assert sum(offset.offset for offset in admin.list_consumer_group_offsets(group).values()) == RECORDS
    assert (group, "consumer") in admin.list_consumer_groups()


if __name__ == "__main__":
    main(*sys.argv[1:])
