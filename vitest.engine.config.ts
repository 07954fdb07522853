import { defineConfig } from 'vitest/config';

/** The engine's own tests: harness, runner, command line, verify, diagrams. Checkpoints are run by the engine itself. */
export default defineConfig({
  test: {
    include: [
      'site/src/workbench/**/*.test.ts',
      'checkpoints/{harness,runner,cli,verify,record,bench,services}/**/*.test.ts',
      'labs/*.test.ts',
      '{diagrams,tools}/*.test.ts',
    ],
    pool: 'threads',
    maxWorkers: 2,
    testTimeout: 60_000,
  },
});
