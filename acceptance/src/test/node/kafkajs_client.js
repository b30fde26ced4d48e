// Administrates, produces and consumes with kafkajs. Usage: kafkajs_client.js SERVERS TOPIC GROUP
"use strict";

const assert = require("node:assert");
const { CompressionTypes, Kafka, logLevel } = require("kafkajs");

const RECORDS = 300;
const PARTITIONS = 3;

async function main([servers, topic, group]) {
  const kafka = new Kafka({ clientId: "acceptance", brokers: [servers], logLevel: logLevel.WARN });
  const admin = kafka.admin();
  await admin.connect();
  await makesATopic(admin, topic);
  await produces(kafka, topic);
  await findsOffsets(admin, topic);
  await consumes(kafka, topic, group);
  await describesTheGroup(admin, topic, group);
  await deletes(admin, topic, group);
  await admin.disconnect();
  console.log("kafkajs: ok");
}

async function makesATopic(admin, topic) {
  const request = { topics: [{ topic, numPartitions: PARTITIONS }], waitForLeaders: true };
  assert.strictEqual(await admin.createTopics(request), true);
  assert.strictEqual(await admin.createTopics(request), false);
  const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
  assert.deepStrictEqual(topics[0].partitions.map((partition) => partition.partitionId).sort(), [0, 1, 2]);
  assert.ok((await admin.listTopics()).includes(topic));
}

async function produces(kafka, topic) {
  const producer = kafka.producer({ idempotent: true, maxInFlightRequests: 1 });
  await producer.connect();
  for (const compression of [CompressionTypes.None, CompressionTypes.GZIP]) {
    const messages = Array.from({ length: RECORDS / 2 }, (_, i) => ({
      key: `key ${i % 10}`,
      value: `${compression}/${i}`,
      headers: { text: "Grüße", number: Buffer.from([0, 255]) },
    }));
    await producer.send({ topic, compression, acks: -1, messages });
  }
  await producer.disconnect();
}

async function findsOffsets(admin, topic) {
  const offsets = await admin.fetchTopicOffsets(topic);
  const count = offsets.reduce((sum, partition) => sum + Number(partition.high) - Number(partition.low), 0);
  assert.strictEqual(count, RECORDS);
  for (const { offset } of await admin.fetchTopicOffsetsByTimestamp(topic, 0)) {
    assert.strictEqual(offset, "0");
  }
}

async function consumes(kafka, topic, group) {
  const consumer = kafka.consumer({ groupId: group, maxWaitTimeInMs: 500 });
  const seen = new Map();
  let count = 0;
  await consumer.connect();
  await consumer.subscribe({ topics: [topic], fromBeginning: true });
  await new Promise((resolve, reject) => {
    consumer.on(consumer.events.CRASH, ({ payload }) => reject(payload.error));
    consumer
      .run({
        eachMessage: async ({ message }) => {
          const key = message.key.toString();
          seen.set(key, [...(seen.get(key) ?? []), message.value.toString()]);
          assert.strictEqual(message.headers.text.toString(), "Grüße");
          assert.deepStrictEqual(message.headers.number, Buffer.from([0, 255]));
          if (++count === RECORDS) {
            resolve();
          }
        },
      })
      .catch(reject);
  });
  await consumer.disconnect();
  for (let key = 0; key < 10; key++) {
    const expected = [CompressionTypes.None, CompressionTypes.GZIP].flatMap((compression) =>
      Array.from({ length: RECORDS / 20 }, (_, i) => `${compression}/${key + 10 * i}`),
    );
    assert.deepStrictEqual(seen.get(`key ${key}`), expected);
  }
}

async function describesTheGroup(admin, topic, group) {
  const { groups } = await admin.describeGroups([group]);
  assert.strictEqual(groups[0].state, "Empty");
  const [{ partitions }] = await admin.fetchOffsets({ groupId: group, topics: [topic] });
  const committed = partitions.reduce((sum, partition) => sum + Number(partition.offset), 0);
  assert.strictEqual(committed, RECORDS);
  await admin.resetOffsets({ groupId: group, topic, earliest: true });
}

async function deletes(admin, topic, group) {
  await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: "1" }] });
  const [first] = (await admin.fetchTopicOffsets(topic)).filter(({ partition }) => partition === 0);
  assert.strictEqual(first.low, "1");
  await admin.deleteGroups([group]);
  await admin.deleteTopics({ topics: [topic] });
}

main(process.argv.slice(2)).catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
