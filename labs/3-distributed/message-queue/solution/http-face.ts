import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { parseReward, type Reward, UnreadableMessage } from './message.ts';
import { answerProblem } from './problem.ts';
import type { Queue } from './queue.ts';

const MAX_LINES = 1_000;
const MAX_BODY_BYTES = 1_048_576;

/** `POST /messages`, one message a line; `GET /broker`, what this broker does in its own way. */
export function createHttpFace(queue: Queue, publishes: boolean): Server {
  const face = createServer((request, response) => {
    const { method, url } = request;
    if (!face.listening) response.setHeader('connection', 'close');
    if (method === 'GET' && url === '/broker') return answerJson(response, queue.traits);
    if (method !== 'POST' || url !== '/messages' || !publishes) {
      request.resume();
      return answerProblem(response, 'not-found', `${method} ${url} is nothing here`);
    }
    publishLines(request, response, queue).catch(() => response.destroy());
  });
  face.requestTimeout = 30_000;
  return face;
}

function answerJson(response: ServerResponse, value: object): void {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value));
}

async function publishLines(request: IncomingMessage, response: ServerResponse, queue: Queue): Promise<void> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size <= MAX_BODY_BYTES) chunks.push(chunk);
  }
  if (size > MAX_BODY_BYTES) return answerProblem(response, 'body-too-large', `more than ${MAX_BODY_BYTES} bytes`);
  const lines = Buffer.concat(chunks).toString('utf8').split('\n');
  if (lines.at(-1) === '') lines.pop();
  if (lines.length === 0 || lines.length > MAX_LINES) {
    return answerProblem(response, 'validation', `expected 1 to ${MAX_LINES} lines; there are ${lines.length}`);
  }
  const rewards: Reward[] = [];
  for (const [i, line] of lines.entries()) {
    try {
      rewards.push(parseReward(line));
    } catch (error) {
      if (!(error instanceof UnreadableMessage)) throw error;
      return answerProblem(response, 'validation', `line ${i + 1}: ${error.message}`);
    }
  }
  // Nothing is published before every line is known to be right. Then all at once: confirms overlap.
  const answers = await Promise.all(
    rewards.map(async (reward) => {
      const outcome = await queue.publish({
        id: reward.id,
        key: reward.key,
        body: Buffer.from(JSON.stringify(reward)),
      });
      return `${JSON.stringify({ id: reward.id, ...outcome })}\n`;
    }),
  );
  response.writeHead(200, { 'content-type': 'application/x-ndjson' });
  response.end(answers.join(''));
}
