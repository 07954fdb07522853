import type { RequestHandler } from 'express';
import { type Logger, pino } from 'pino';

export type { Logger };

/** One JSON object a line, on standard error. */
export function createLog(level: string): Logger {
  return pino(
    {
      level,
      base: null,
      // The second net. The first is that nobody logs a body, a header or a whole error of a request.
      redact: {
        paths: ['authorization', 'password', 'token', '*.authorization', '*.password', '*.token'],
        remove: true,
      },
    },
    pino.destination(2),
  );
}

// #region request-log
/** Logs each request when its answer is out: a list of facts that may be told, never the request itself. */
export function logRequests(log: Logger): RequestHandler {
  return (req, res, next) => {
    const since = performance.now();
    // req.path and not req.url: people put tokens into query strings, and a log is read by many (RFC 6750 §5.3).
    const { method, path } = req;
    res.on('close', () => {
      const durationMs = Math.round(performance.now() - since);
      log.info({ method, path: path.slice(0, MAX_PATH_CHARS), status: res.statusCode, durationMs }, 'request');
    });
    next();
  };
}
// #endregion request-log

const MAX_PATH_CHARS = 200;
