import type { Command } from './command.ts';

const json = { json: { type: 'boolean' } } as const;

/** Every command, in the order in which a learner meets them. */
export const commands: readonly Command[] = [
  {
    name: 'list',
    usage: 'list [-- --json]',
    summary: 'every lab of the course and how far you are in it',
    about: ['Planned labs are listed as planned.'],
    flagMeanings: [
      [
        '--json',
        'prints one document: { version, phases: [{ number, slug, title, labs: [{ slug, title, competency, kinds, state, ' +
          'checkpoints: [{ id, sentence, verdict, hintsShown, firstGreen? }] }] }] }. A lab is "planned", "not started", ' +
          '"started" or "green"; a verdict is "passed", "failed", "could not check" or "not judged".',
      ],
    ],
    flags: json,
    maxPositionals: 0,
    load: async () => (await import('./list-labs.ts')).listLabs,
  },
  {
    name: 'start',
    usage: 'start <lab>',
    summary: "copy a lab's starter to attempt/, which is yours",
    about: ['An attempt that is there already is never overwritten.'],
    flagMeanings: [],
    flags: {},
    maxPositionals: 1,
    load: async () => (await import('./start-lab.ts')).startLab,
  },
  {
    name: 'test',
    usage: 'test <lab> [checkpoint…] [-- <flags>]',
    summary: 'judge your attempt, up to the first red checkpoint',
    about: [
      'Each checkpoint is passed, failed, or could not be checked; the last is never counted as passed.',
      'Random choices of the checkpoints come from a seed, which a red one prints: LAB_SEED=<seed> repeats it. ' +
        'On a slow machine LAB_PATIENCE=3 makes every deadline three times as long.',
    ],
    flagMeanings: [
      ['--all', 'go on after the first red checkpoint'],
      [
        '--run "<command>"',
        'judge what this command starts, in any language. The shell runs it in the folder where you type; it listens on ' +
          'PORT of its environment and prints READY <port> when it can serve. Its results count as your attempt. Programs ' +
          'only',
      ],
      [
        '--target <name>',
        'judge something else than your attempt: starter, solution, solution-python, solution-csharp, mistakes/<name> or ' +
          'variants/<name>. Your progress is left alone',
      ],
      [
        '--json',
        'print one document at the end, and nothing else: { version, lab, target, seed?, verdict, counts: { passed, failed, ' +
          'couldNotCheck, notReached }, checkpoints: [{ id, sentence, verdict, durationMs?, failure?, reason?, remedy?, missing? }] }. ' +
          'A failure has { kind, sent?, expected, received, usually, details? }',
      ],
    ],
    flags: {
      ...json,
      all: { type: 'boolean' },
      run: { type: 'string' },
      target: { type: 'string' },
    },
    maxPositionals: Number.POSITIVE_INFINITY,
    load: async () => (await import('./test-lab.ts')).testLab,
  },
  {
    name: 'watch',
    usage: 'watch <lab>',
    summary: 'judge your attempt at every save',
    about: [
      'Stops at the first red checkpoint and shows it in full. At the next save that one is judged first; once it is ' +
        'green, all are. In a terminal Enter judges again, h gives a hint for the red one and q ends.',
      'What tools make is not watched: node_modules, bin, obj, target, dist, __pycache__, hidden files and *.log.',
    ],
    flagMeanings: [],
    flags: {},
    maxPositionals: 1,
    load: async () => (await import('./watch-lab.ts')).watchLab,
  },
  {
    name: 'hint',
    usage: 'hint <lab> [checkpoint]',
    summary: 'one step more for a checkpoint, or for the first red one',
    about: ['Each call gives one hint more, from a nudge to nearly there, and repeats the ones you had.'],
    flagMeanings: [],
    flags: {},
    maxPositionals: 2,
    load: async () => (await import('./give-hint.ts')).giveHint,
  },
  {
    name: 'diff',
    usage: 'diff <lab>',
    summary: 'your attempt against the solution',
    about: [
      "Shown once your attempt is green, or when you ask a second time. Lines with - are yours, lines with + the solution's.",
      'An attempt in Python or C# is compared with the solution in that language.',
    ],
    flagMeanings: [],
    flags: {},
    maxPositionals: 1,
    load: async () => (await import('./show-diff.ts')).showDiff,
  },
  {
    name: 'reset',
    usage: 'reset <lab>',
    summary: 'begin again from the starter; the old attempt is kept',
    about: [
      "The old attempt is moved to .attempts/<time>/ in the lab's folder, which git ignores. Hints that you had and the days " +
        'on which checkpoints first were green stay in progress.json.',
    ],
    flagMeanings: [],
    flags: {},
    maxPositionals: 1,
    load: async () => (await import('./reset-lab.ts')).resetLab,
  },
  {
    name: 'export',
    usage: 'export <lab> [file]',
    summary: 'your attempt and its progress as one file',
    about: [
      "The workbench of the lab's page reads it, and so does import. Without a name it is <lab>.attempt.json in the folder " +
        'where you type. A file that is there already is never overwritten. What tools make is left out, as in watch.',
    ],
    flagMeanings: [],
    flags: {},
    maxPositionals: 2,
    load: async () => (await import('./export-lab.ts')).exportLab,
  },
  {
    name: 'import',
    usage: 'import <file>',
    summary: 'an exported attempt becomes yours; the old one is kept',
    about: [
      'The file says which lab it belongs to. An attempt that you have is kept as reset keeps it. Hints that you had and the ' +
        'days on which checkpoints first were green are joined with those of the file.',
    ],
    flagMeanings: [],
    flags: {},
    maxPositionals: 1,
    load: async () => (await import('./import-lab.ts')).importLab,
  },
  {
    name: 'status',
    usage: 'status [-- --json]',
    summary: 'the six phases and every checkpoint of yours',
    about: [],
    flagMeanings: [['--json', 'prints the document that "list --json" prints']],
    flags: json,
    maxPositionals: 0,
    load: async () => (await import('./show-status.ts')).showStatus,
  },
];
