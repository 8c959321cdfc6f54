// BullMQ's progress: how many a second, or how long until a listener in another process has it.
import { fork } from 'node:child_process';
import { Queue, QueueEvents } from 'bullmq';
import { Redis } from 'ioredis';

const [port, mode, count, data] = process.argv.slice(2);
const connection = { host: '127.0.0.1', port: Number(port) };
const events = Number(count);
const jobs = 100;

if (mode === 'listen') {
  await listen();
} else {
  const queue = new Queue('bench', { connection, streams: { events: { maxLen: 10_000_000 } } });
  const added = [];
  for (let n = 0; n < jobs; n++) added.push(await queue.add('job', {}));
  await (mode === 'latency' ? latency(added) : rate(added));
  await queue.close();
}

async function rate(added) {
  const client = new Redis(connection);
  const before = await client.xlen('bull:bench:events');
  const value = JSON.parse(data);
  const atATime = mode === 'awaited' ? 1 : Number(mode);
  const begun = process.hrtime.bigint();
  let next = 0;
  const line = async () => {
    while (next < events) {
      const n = next++;
      await added[n % jobs].updateProgress({ ...value, current: n });
    }
  };
  await Promise.all(Array.from({ length: atATime }, line));
  const seconds = Number(process.hrtime.bigint() - begun) / 1e9;
  const arrived = (await client.xlen('bull:bench:events')) - before;
  if (arrived !== events) throw new Error(`${arrived} of ${events} arrived`);
  await client.quit();
  console.log(`measured rate ${events / seconds}`);
}

async function latency(added) {
  const listener = fork(process.argv[1], [port, 'listen', count, ''], { stdio: 'inherit' });
  await new Promise((ready) => listener.once('message', ready));
  const begun = performance.now() + 20;
  for (let n = 0; n < events; n++) {
    const due = begun + n - performance.now();
    if (due > 0) await new Promise((done) => setTimeout(done, due));
    await added[0].updateProgress({ at: process.hrtime.bigint().toString() });
  }
  await new Promise((ended) => listener.once('exit', ended));
}

async function listen() {
  const listener = new QueueEvents('bench', { connection });
  await listener.waitUntilReady();
  const latencies = [];
  await new Promise((done) => {
    listener.on('progress', ({ data: { at } }) => {
      latencies.push(Number(process.hrtime.bigint() - BigInt(at)) / 1e3);
      if (latencies.length === events) done();
    });
    // It reads from what is new: it has to be at it.
    setTimeout(() => process.send('ready'), 200);
  });
  const warm = latencies.slice(events / 10).sort((a, b) => a - b);
  for (const [name, part] of [['p50', 0.5], ['p99', 0.99]]) {
    console.log(`measured ${name} ${warm[Math.round((warm.length - 1) * part)]}`);
  }
  await listener.close();
  process.disconnect();
}
