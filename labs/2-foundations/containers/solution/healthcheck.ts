/**
 * What HEALTHCHECK runs: exit code 0 when the server is live, 1 when it is not. The image has neither a shell's curl
 * nor wget, and needs none: it has Node.
 */
import { request } from 'node:http';

const TIMEOUT_MS = 2_000;

// #region healthcheck
const probe = request(
  { host: '127.0.0.1', port: process.env.PORT || 8080, path: '/livez', timeout: TIMEOUT_MS },
  (response) => {
    process.exitCode = response.statusCode === 200 ? 0 : 1;
    response.resume();
  },
);
probe.on('timeout', () => probe.destroy(new Error('no answer')));
probe.on('error', () => {
  process.exitCode = 1;
});
probe.end();
// #endregion healthcheck
