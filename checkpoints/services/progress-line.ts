import type { Service } from '../../labs/course-schema.ts';
import { clip } from '../cli/wrap-text.ts';
import { isAsking } from './consent.ts';

/** One line that says what is being waited for, and for how long already. */
export interface ProgressLine {
  readonly show: (service: Service, text: string) => void;
  /** Takes the line away: to print something else, or for good. It comes back with the next `show`. */
  readonly end: () => void;
}

/** Standard error, or what stands for it. */
export interface ProgressStream {
  readonly write: (text: string) => unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

const EVERY_MS = 500;
const CLEAR = '\r\x1b[K';

/** On a terminal, one line that is drawn over and over; elsewhere, a line each time that something new is waited for. */
export function createProgressLine(stream: ProgressStream): ProgressLine {
  const waiting = new Map<Service, string>();
  const started = performance.now();
  let timer: NodeJS.Timeout | undefined;
  const draw = () => {
    if (isAsking()) return;
    const seconds = Math.round((performance.now() - started) / 1_000);
    const text = [...waiting].map(([service, what]) => `${service}: ${what}`).join(' · ');
    stream.write(`${CLEAR}${clip(`${seconds} s  ${text}`, (stream.columns ?? 80) - 1)}`);
  };
  return {
    show: (service, text) => {
      if (waiting.get(service) === text) return;
      waiting.set(service, text);
      if (!stream.isTTY) {
        stream.write(`${service}: ${text}\n`);
        return;
      }
      draw();
      timer ??= setInterval(draw, EVERY_MS).unref();
    },
    end: () => {
      clearInterval(timer);
      timer = undefined;
      if (stream.isTTY && waiting.size > 0) stream.write(CLEAR);
      waiting.clear();
    },
  };
}
