import type { CheckpointResult } from '../runner/run-checkpoints.ts';
import { testFile } from '../runner/test-file.ts';
import { failureLines } from './failure-lines.ts';
import type { Fault } from './fault.ts';
import { type Judged, type JudgedLab, proofOf } from './judge-labs.ts';

type Ran = Extract<Judged, { state: 'ran' }>;

/** The targets that ran. */
export function ranTargets({ targets }: JudgedLab): Ran[] {
  return targets.filter((target): target is Ran => target.state === 'ran');
}

/** The tests as they ran are those of the manifest: same ids, same sentences, same order. */
export function checkTestNames(judged: JudgedLab): Fault[] {
  const { lab, path } = judged.placed;
  const ran = ranTargets(judged).find(({ name }) => name === 'solution') ?? ranTargets(judged)[0];
  if (!ran) return [];
  const file = testFile(judged.placed);
  const fault = (what: string, mend: string): Fault => ({ proof: 1, lab: lab.slug, file, what, mend });
  const faults: Fault[] = [];
  for (const { id, sentence } of lab.checkpoints) {
    const tests = ran.checkpoints.filter((test) => test.id === id);
    const [test] = tests;
    if (!test) {
      faults.push(fault(`no test of "${id}" ran`, `write checkpoint('${id}', …), or take it out of ${path}/lab.ts`));
    } else if (tests.length > 1) {
      faults.push(fault(`"${id}" is tested twice`, 'give one of the two an id of its own'));
    } else if (test.sentence !== sentence) {
      faults.push(
        fault(
          `"${id}" says "${test.sentence}"; the manifest says "${sentence}"`,
          `make both the same in ${path}/lab.ts`,
        ),
      );
    }
  }
  const ids: readonly string[] = lab.checkpoints.map(({ id }) => id);
  for (const { id } of ran.checkpoints) {
    if (!ids.includes(id)) {
      faults.push(fault(`"${id}" is no checkpoint of the manifest`, `add it to ${path}/lab.ts, with its hints`));
    }
  }
  const order = ran.checkpoints.map(({ id }) => id).join(', ');
  if (faults.length === 0 && order !== ids.join(', ')) {
    faults.push(
      fault(`the tests run in the order ${order}`, `put them in the order of ${path}/lab.ts: ${ids.join(', ')}`),
    );
  }
  return faults;
}

/** No checkpoint broke by itself, whatever it judged. */
export function checkCrashes(judged: JudgedLab): Fault[] {
  return ranTargets(judged).flatMap(({ name, checkpoints }) =>
    checkpoints
      .filter(({ failure }) => failure?.kind === 'crash')
      .map((result) => ({
        proof: proofOf(name),
        lab: judged.placed.lab.slug,
        file: testFile(judged.placed),
        what: `${result.id} breaks by itself when it judges ${name}`,
        mend: 'a wrong answer must become a CheckpointFailure (fail, check), never another error',
        details: failureLines(result),
      })),
  );
}

/**
 * The starter fails by assertion, exactly at the checkpoints that the manifest does not mark; those that cannot judge
 * here are reported by themselves.
 */
export function checkStarter(judged: JudgedLab): Fault[] {
  const { lab, path } = judged.placed;
  const starter = ranTargets(judged).find(({ name }) => name === 'starter');
  if (!starter) return [];
  const fault = (what: string, mend: string, result: CheckpointResult): Fault => ({
    proof: 2,
    lab: lab.slug,
    file: `${path}/starter`,
    what,
    mend,
    details: failureLines(result),
  });
  return lab.checkpoints.flatMap(({ id, passesInStarter }): Fault[] => {
    const result = starter.checkpoints.find((test) => test.id === id);
    if (!result || result.failure?.kind === 'crash' || result.verdict === 'could not check') return [];
    if (result.verdict === 'passed') {
      if (passesInStarter !== undefined) return [];
      const mend = `take out of the starter what it asks for, or give it passesInStarter: '<why>' in ${path}/lab.ts`;
      return [{ ...fault(`${id} is green in the starter already`, mend, result), details: [] }];
    }
    if (result.failure?.kind === 'start') {
      return [
        fault(`${id} fails because the starter does not start`, 'a starter compiles, starts and answers', result),
      ];
    }
    if (passesInStarter === undefined) return [];
    return [
      fault(
        `${id} is red in the starter, and the manifest says it passes`,
        `take passesInStarter out of ${path}/lab.ts`,
        result,
      ),
    ];
  });
}

/** Solutions and variants pass everything that can be judged here. */
export function checkRight(judged: JudgedLab): Fault[] {
  const { lab, path } = judged.placed;
  const faults = ranTargets(judged)
    .filter(({ name }) => proofOf(name) === 3 || proofOf(name) === 5)
    .flatMap(({ name, checkpoints }) =>
      checkpoints
        .filter(({ verdict, failure }) => verdict === 'failed' && failure?.kind !== 'crash')
        .map((result): Fault => {
          const isVariant = proofOf(name) === 5;
          return {
            proof: proofOf(name),
            lab: lab.slug,
            file: `${path}/${name}`,
            what: `${result.id} is red`,
            mend: isVariant
              ? `if the brief asks for it, mend the variant; if not, ${testFile(judged.placed)} asks for too much`
              : 'mend the solution, or the checkpoint if it is wrong',
            details: failureLines(result),
          };
        }),
    );
  if (!judged.targets.some(({ name }) => name.startsWith('variants/'))) {
    const mend = `add variants/<name>/${lab.entry.typescript}: a right solution of another shape`;
    faults.push({ proof: 5, lab: lab.slug, file: `${path}/variants`, what: 'the lab has no variant', mend });
  }
  return faults;
}
