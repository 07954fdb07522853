import { defineConfig } from 'vitest/config';

/** The engine's own tests: harness, runner, command line, verify, diagrams, workbook mode. Checkpoints are run by the engine itself. */
export default defineConfig({
  test: {
    include: [
      'checkpoints/{harness,runner,cli,verify,record,bench,services}/**/*.test.ts',
      'labs/*.test.ts',
      'site/workbook/*.test.ts',
      '{diagrams,tools}/*.test.ts',
      'site/src/{course,scripts}/*.test.ts',
    ],
    pool: 'threads',
    maxWorkers: 2,
    testTimeout: 60_000,
  },
});
