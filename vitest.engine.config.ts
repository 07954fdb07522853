import { defineConfig } from 'vitest/config';

/** The engine's own tests: harness, runner, command line, verify, diagrams, simulations. Checkpoints are run by the engine itself. */
export default defineConfig({
  test: {
    include: [
      'checkpoints/{harness,runner,cli,verify,record,bench,services}/**/*.test.ts',
      'labs/*.test.ts',
      '{diagrams,tools}/*.test.ts',
      'site/src/**/*.test.ts',
    ],
    pool: 'threads',
    maxWorkers: 2,
    testTimeout: 60_000,
  },
});
