"""Publishes and consumes with Pika's asynchronous SelectConnection. Usage: pika_select.py AMQP_URL"""

import sys

import pika

COUNT = 1000


class Echo:
    """Publishes COUNT messages, and stops when all are confirmed and have been received and acknowledged."""

    def __init__(self, url):
        self.unconfirmed = set(range(1, COUNT + 1))
        self.received = []
        self.connection = pika.SelectConnection(
            pika.URLParameters(url),
            on_open_callback=self.on_open,
            on_open_error_callback=self.on_error,
            on_close_callback=lambda connection, reason: connection.ioloop.stop(),
        )
        self.connection.ioloop.call_later(30, lambda: self.on_error(self.connection, "not done within 30 s"))

    def on_error(self, connection, reason):
        connection.ioloop.stop()
        raise AssertionError(reason)

    def on_open(self, connection):
        connection.channel(on_open_callback=self.on_channel)

    def on_channel(self, channel):
        self.channel = channel
        channel.confirm_delivery(self.on_confirm)
        channel.queue_declare("", exclusive=True, callback=self.on_queue)

    def on_queue(self, frame):
        queue = frame.method.queue
        self.channel.basic_qos(prefetch_count=50, callback=lambda _: self.on_ready(queue))

    def on_ready(self, queue):
        self.channel.basic_consume(queue, self.on_message)
        for number in range(COUNT):
            self.channel.basic_publish("", queue, str(number).encode())

    def on_confirm(self, frame):
        method = frame.method
        assert isinstance(method, pika.spec.Basic.Ack), method
        first = 1 if method.multiple else method.delivery_tag
        self.unconfirmed.difference_update(range(first, method.delivery_tag + 1))
        self.stop_when_done()

    def on_message(self, channel, method, properties, body):
        self.received.append(int(body))
        channel.basic_ack(method.delivery_tag)
        self.stop_when_done()

    def stop_when_done(self):
        if not self.unconfirmed and len(self.received) == COUNT and self.connection.is_open:
            self.connection.close()


if __name__ == "__main__":
    echo = Echo(sys.argv[1])
    echo.connection.ioloop.start()
    assert echo.received == list(range(COUNT)), echo.received
    print("pika select: ok")
