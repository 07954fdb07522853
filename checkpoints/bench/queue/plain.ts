/**
 * What the lab's program is held against: amqplib with confirms and nothing around it, and a consumer with the same
 * effect. `node plain.ts publish|consume`; prints one line of JSON.
 */
import amqp from 'amqplib';
import pg from 'pg';

const { AMQP_URL = '', DATABASE_URL = '', QUEUE = '', COUNT = '0', PREFETCH = '20' } = process.env;
const count = Number(COUNT);
const connection = await amqp.connect(AMQP_URL);

async function publish(): Promise<number> {
  const channel = await connection.createConfirmChannel();
  const since = performance.now();
  for (let i = 0; i < count; i += 1) {
    const body = Buffer.from(JSON.stringify({ id: `plain-${i}`, adventurer: 'Brida', gold: 5 }));
    const options = { persistent: true, mandatory: true, messageId: `plain-${i}` };
    if (!channel.publish(QUEUE, 'any', body, options)) await new Promise((resolve) => channel.once('drain', resolve));
  }
  await channel.waitForConfirms();
  return performance.now() - since;
}

async function consume(): Promise<number> {
  const pool = new pg.Pool({ connectionString: DATABASE_URL, max: 10 });
  const channel = await connection.createChannel();
  await channel.prefetch(Number(PREFETCH));
  const done = Promise.withResolvers<void>();
  let paid = 0;
  const since = performance.now();
  await channel.consume(`${QUEUE}.any`, async (message) => {
    if (message === null) return;
    const { id, adventurer, gold } = JSON.parse(message.content.toString()) as {
      id: string;
      adventurer: string;
      gold: number;
    };
    await pool.query({
      name: 'pay',
      text: `WITH first_time AS (INSERT INTO inbox (message_id) VALUES ($1) ON CONFLICT DO NOTHING RETURNING message_id)
             INSERT INTO ledger (message_id, adventurer, gold) SELECT message_id, $2::text, $3::integer FROM first_time`,
      values: [id, adventurer, gold],
    });
    channel.ack(message);
    paid += 1;
    if (paid === count) done.resolve();
  });
  await done.promise;
  const tookMs = performance.now() - since;
  await channel.close();
  await pool.end();
  return tookMs;
}

const tookMs = process.argv[2] === 'consume' ? await consume() : await publish();
await connection.close();
console.log(JSON.stringify({ tookMs }));
