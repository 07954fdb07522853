import type { ServerResponse } from 'node:http';

const TITLES = {
  malformed: [400, 'The request is not one'],
  'not-found': [404, 'There is no such route'],
  'body-too-large': [413, 'The body is too large'],
  validation: [422, 'A line is no message'],
} as const;

export type ProblemName = keyof typeof TITLES;

/** Answers with a problem document (RFC 9457). */
export function answerProblem(response: ServerResponse, name: ProblemName, detail: string): void {
  const [status, title] = TITLES[name];
  const type = `https://tavern.example/problems/${name}`;
  response.writeHead(status, { 'content-type': 'application/problem+json' });
  response.end(JSON.stringify({ type, title, status, detail }));
}
