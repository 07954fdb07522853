import { defineConfig } from 'vitest/config';

/** The engine's own tests: all but the checkpoints, which the engine itself runs, and the site's browser tests. */
export default defineConfig({
  test: {
    include: [
      'site/src/workbench/**/*.test.ts',
      'checkpoints/{harness,runner,cli,verify,record,bench,services}/**/*.test.ts',
      'labs/*.test.ts',
      'site/workbook/*.test.ts',
      '{diagrams,tools}/*.test.ts',
      'site/src/**/*.test.ts',
    ],
    pool: 'threads',
    maxWorkers: 2,
    testTimeout: 60_000,
  },
});
