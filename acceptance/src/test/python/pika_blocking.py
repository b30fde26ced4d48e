"""Publishes and consumes with Pika's BlockingConnection. Usage: pika_blocking.py AMQP_URL"""

import sys

import pika


def main(url):
    connection = pika.BlockingConnection(pika.URLParameters(url))
    try:
        channel = connection.channel()
        queue = channel.queue_declare("", exclusive=True).method.queue
        channel.confirm_delivery()
        publishes_with_confirms(channel, queue)
        keeps_properties(channel, queue)
        gives_back_and_drops(channel, queue)
        tells_of_missing_queues(connection, channel)
        commits_and_rolls_back(connection, queue)
        connection.process_data_events(time_limit=0)
    finally:
        connection.close()
    print("pika blocking: ok")


def publishes_with_confirms(channel, queue):
    for number in range(100):
        channel.basic_publish("", queue, b"message %d" % number, mandatory=True)
    bodies = []
    for method, _, body in channel.consume(queue, inactivity_timeout=10):
        assert method is not None, "no delivery within 10 s"
        bodies.append(body)
        channel.basic_ack(method.delivery_tag)
        if len(bodies) == 100:
            break
    channel.cancel()
    assert bodies == [b"message %d" % number for number in range(100)], bodies


def commits_and_rolls_back(connection, queue):
    channel = connection.channel()
    channel.tx_select()
    channel.basic_publish("", queue, b"forgotten")
    channel.tx_rollback()
    channel.basic_publish("", queue, b"first")
    assert channel.queue_declare(queue, passive=True).method.message_count == 0
    channel.tx_commit()
    method, _, body = channel.basic_get(queue)
    assert body == b"first", body
    channel.basic_publish("", queue, b"second")
    channel.basic_ack(method.delivery_tag)
    channel.tx_commit()
    method, _, body = channel.basic_get(queue)
    assert body == b"second", body
    channel.basic_ack(method.delivery_tag)
    channel.tx_rollback()
    channel.close()
    channel = connection.channel()
    method, _, body = channel.basic_get(queue, auto_ack=True)
    assert body == b"second" and method.redelivered, (body, method)
    try:
        channel.tx_commit()
        assert False, "a commit without a transaction was answered"
    except pika.exceptions.ChannelClosedByBroker as closed:
        assert closed.reply_code == 406, closed


def keeps_properties(channel, queue):
    properties = pika.BasicProperties(
        content_type="text/plain",
        content_encoding="utf-8",
        headers={"text": "t", "number": -1, "large": 2**40, "none": None, "yes": True, "list": [1, "a"], "table": {"a": 1}},
        delivery_mode=2,
        priority=0,
        correlation_id="c",
        reply_to="r",
        expiration="60000",
        message_id="m",
        timestamp=1_700_000_000,
        type="t",
        user_id="guest",
        app_id="a",
    )
    channel.basic_publish("", queue, "Grüße".encode(), properties)
    method, received, body = channel.basic_get(queue, auto_ack=True)
    assert body.decode() == "Grüße"
    assert received == properties, (received, properties)
    assert method.message_count == 0


def gives_back_and_drops(channel, queue):
    channel.basic_qos(prefetch_count=1)
    channel.basic_publish("", queue, b"again")
    first, _, _ = channel.basic_get(queue)
    assert not first.redelivered
    channel.basic_nack(first.delivery_tag, requeue=True)
    second, _, body = channel.basic_get(queue)
    assert second.redelivered and body == b"again"
    channel.basic_reject(second.delivery_tag, requeue=False)
    assert channel.basic_get(queue) == (None, None, None)


def tells_of_missing_queues(connection, channel):
    try:
        channel.basic_publish("", "no-such-queue", b"", mandatory=True)
        raise AssertionError("expected the message to come back")
    except pika.exceptions.UnroutableError as error:
        assert error.messages[0].method.reply_code == 312
    other = connection.channel()
    try:
        other.queue_declare("no-such-queue", passive=True)
        raise AssertionError("expected the channel to be closed")
    except pika.exceptions.ChannelClosedByBroker as error:
        assert error.reply_code == 404, error


if __name__ == "__main__":
    main(sys.argv[1])
