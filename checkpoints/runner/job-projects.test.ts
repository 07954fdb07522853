import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { PlacedBuiltLab } from '../../labs/course-schema.ts';
import { repository } from './repository.ts';
import { CheckpointRunner, type Job } from './run-checkpoints.ts';

const TEST = `import { afterAll } from 'vitest';
import { checkpoint } from '../harness/checkpoint.ts';
import { fail } from '../harness/failure.ts';
import { spawnProgram } from '../harness/program.ts';
import { targetUnderTest } from '../harness/target-under-test.ts';

async function says(): Promise<never> {
  await using program = spawnProgram();
  await program.exited;
  fail({ expected: 'nothing', received: program.stdout.trim(), usually: '', details: [String(process.pid)] });
}

checkpoint('first', 'the first checkpoint tells what the target says', says);
checkpoint('second', 'the second checkpoint tells what the target says', says);
afterAll(() => console.log(\`after \${targetUnderTest().name}\`));
`;

const placed = {
  lab: { slug: 'saying', kinds: ['program'] },
  phase: { number: 1, slug: 'networking' },
  path: 'labs/1-networking/saying',
} as unknown as PlacedBuiltLab;

function jobThatSays(word: string, only?: readonly string[]): Job {
  const command = [process.execPath, '-e', `console.log(${JSON.stringify(word)})`];
  return {
    placed,
    target: { kind: 'program', name: word, command, cwd: tmpdir(), env: {} },
    ...(only ? { only } : {}),
  };
}

function repositoryOfOne(): string {
  const root = mkdtempSync(join(tmpdir(), 'jobs-'));
  mkdirSync(join(root, 'checkpoints/1-networking'), { recursive: true });
  cpSync(join(repository, 'checkpoints/harness'), join(root, 'checkpoints/harness'), { recursive: true });
  cpSync(join(repository, 'checkpoints/services/names.ts'), join(root, 'checkpoints/services/names.ts'));
  symlinkSync(join(repository, 'node_modules'), join(root, 'node_modules'));
  writeFileSync(join(root, 'checkpoints/1-networking/saying.test.ts'), TEST);
  return root;
}

function foldersOfJobs(root: string): string[] {
  return readdirSync(join(root, '.cache')).filter((name) => name.startsWith('jobs-'));
}

test('program targets of a lab are judged by one worker, each by its own checkpoints', async () => {
  const root = repositoryOfOne();
  try {
    const jobs = [jobThatSays('ale', ['second']), jobThatSays('mead', ['first']), jobThatSays('water')];
    let told = '';
    const results = await (async () => {
      await using runner = await CheckpointRunner.open(jobs, {
        root,
        pool: 'forks',
        onConsole: (text) => {
          told += text;
        },
      });
      return await runner.run();
    })();
    const of = (word: string) => results.find(({ job }) => job.target.name === word)?.checkpoints ?? [];
    const heard = (word: string) => of(word).map(({ id, failure }) => `${id} ${failure?.received}`);
    expect(heard('ale')).toEqual(['second ale']);
    expect(heard('mead')).toEqual(['first mead']);
    expect(heard('water')).toEqual(['first water', 'second water']);
    const workers = ['ale', 'mead', 'water'].flatMap(of).map(({ failure }) => failure?.details?.[0]);
    expect(new Set(workers).size).toBe(1);
    // What has to wait longest is begun first.
    expect(told.match(/(?<=after )\w+/g)).toEqual(['water', 'ale', 'mead']);
    expect(foldersOfJobs(root)).toEqual([]);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
});

test('what a killed run left is removed by the next', async () => {
  const root = repositoryOfOne();
  try {
    // No process has a number that the kernel does not give out.
    mkdirSync(join(root, '.cache/jobs-4194305-abcdef'), { recursive: true });
    await using runner = await CheckpointRunner.open([jobThatSays('ale')], { root, pool: 'forks' });
    const [own, ...others] = foldersOfJobs(root);
    expect(own).toMatch(new RegExp(`^jobs-${process.pid}-`));
    expect(others).toEqual([]);
    await runner.run();
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
});
