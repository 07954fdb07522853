import { deadlineMs } from '../../harness/deadline.ts';
import { CheckpointFailure, check, fail } from '../../harness/failure.ts';
import type { Program } from '../../harness/program.ts';
import type { Reward } from './reward.ts';

export interface Answer {
  readonly id: string;
  readonly outcome: string;
}

const OUTCOMES: readonly string[] = ['confirmed', 'unroutable', 'failed'];
const ANSWER_WITHIN_MS = 15_000;

/** Sends raw lines. Throws a failure when no answer comes in time, or none at all. */
export async function postLines(program: Program, body: string, withinMs = ANSWER_WITHIN_MS): Promise<Response> {
  try {
    return await fetch(`http://${program.host}:${program.port}/messages`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-ndjson' },
      body,
      signal: AbortSignal.timeout(deadlineMs(withinMs)),
    });
  } catch (error) {
    if ((error as Error).name !== 'TimeoutError') {
      fail({
        sent: 'POST /messages',
        expected: 'an answer, whatever the broker does',
        received: 'a connection that was closed or refused',
        usually: 'the program has ended: an error of a connection or channel has no listener, or a rejection nobody',
        details: [String((error as Error).cause ?? error), ...program.logTail()],
      });
    }
    fail({
      sent: 'POST /messages',
      expected: 'an answer within PUBLISH_TIMEOUT_MS, whatever the broker does',
      received: `none within ${deadlineMs(withinMs).toLocaleString('en')} ms`,
      usually: 'a publish waits for its confirm, for a connection or for room in a buffer without a limit',
      details: program.logTail(),
    });
  }
}

/** Publishes, and returns the outcome of each message, in their order. */
export async function post(program: Program, messages: readonly Reward[], withinMs?: number): Promise<Answer[]> {
  const response = await postLines(program, messages.map((each) => `${JSON.stringify(each)}\n`).join(''), withinMs);
  const text = await response.text();
  check(response.status === 200, {
    sent: `POST /messages with ${messages.length} good lines`,
    expected: 'status 200, and a line for each message',
    received: `status ${response.status}`,
    usually: 'the outcome of each message is told in its line; the request as a whole succeeded',
    details: [text.slice(0, 300), ...program.logTail()],
  });
  const answers = text.trimEnd().split('\n').map(parsed);
  const isWhole = answers.length === messages.length && answers.every(({ id }, i) => id === messages[i]?.id);
  check(isWhole && answers.every(({ outcome }) => OUTCOMES.includes(outcome)), () => ({
    sent: `POST /messages with ${messages.length} ${messages.length === 1 ? 'line' : 'lines'}`,
    expected: 'a line for each, in the order of the request, with its id and an outcome',
    received: 'something else',
    usually: 'answers are written as confirms come, and confirms may overtake each other',
    details: [text.slice(0, 300)],
  }));
  return answers;
}

function parsed(line: string): Answer {
  try {
    return JSON.parse(line) as Answer;
  } catch {
    return fail({
      sent: 'POST /messages',
      expected: 'an answer of JSON lines',
      received: JSON.stringify(line.slice(0, 100)),
      usually: 'the answer is one JSON value, or another format',
    });
  }
}

/** Publishes what must be confirmed. */
export async function publish(program: Program, messages: readonly Reward[]): Promise<void> {
  const answers = await post(program, messages);
  const other = answers.find(({ outcome }) => outcome !== 'confirmed');
  if (other === undefined) return;
  throw new CheckpointFailure({
    sent: 'POST /messages, while the broker is well',
    expected: 'the outcome "confirmed"',
    received: `"${other.outcome}"`,
    usually: 'a queue or a binding of the brief is missing, or the confirm is not waited for',
    details: [JSON.stringify(other), ...program.logTail()],
  });
}

/** The outcomes and how often each came, for a failure. */
export function outcomesOf(answers: readonly Answer[]): string {
  const counts = new Map<string, number>();
  for (const { outcome } of answers) counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
  return [...counts].map(([outcome, count]) => `${count} ${outcome}`).join(', ');
}
