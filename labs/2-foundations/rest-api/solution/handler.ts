import type { IncomingMessage } from 'node:http';
import type { Answer } from './answer.ts';

/** A request whose path has been matched: what a handler needs, whatever the framework. */
export interface ApiRequest extends IncomingMessage {
  /** The parts of the path that have names, decoded. */
  readonly params: Readonly<Record<string, unknown>>;
}

/** Answers a request; throws a Problem for any other answer than the one asked for. */
export type Handler = (request: ApiRequest) => Promise<Answer> | Answer;

/** What a route offers; HEAD comes with GET. */
export type Handlers = { readonly [M in 'get' | 'post' | 'put' | 'patch' | 'delete']?: Handler };
