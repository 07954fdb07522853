/**
 * The process in which checkpoints run. Apart from the one that the learner sees, so that whatever happens here can be
 * ended: an endless loop in their code, a run that a later save has overtaken, and a Node that cannot end itself. (Node
 * waits for ever at its own exit for a worker thread with a socket request that never completes.)
 */
import { course } from '../../labs/course.ts';
import { builtLabs } from '../../labs/course-schema.ts';
import { Judge } from './judge.ts';
import type { FromJudge, ToJudge } from './judge-client.ts';

let judge: Judge | undefined;

function say(message: FromJudge): void {
  process.send?.(message);
}

async function judgeOnce({ lab, target, stops, only, except }: ToJudge): Promise<void> {
  try {
    if (!judge) {
      const placed = builtLabs(course).find((entry) => entry.lab.slug === lab);
      if (!placed) throw new Error(`there is no lab ${lab}`);
      judge = await Judge.open(placed, target, {
        stops,
        only,
        onResult: (result) => say({ kind: 'result', result }),
      });
    }
    say({ kind: 'end', end: await judge.run(target, except) });
  } catch (error) {
    const { stack, message } = error as Error;
    const end =
      error instanceof RangeError
        ? ({ kind: 'refused', message } as const)
        : ({ kind: 'broken', message: stack ?? message } as const);
    say({ kind: 'end', end });
  }
}

process.on('message', (message: ToJudge) => void judgeOnce(message));
// The terminal sends Ctrl-C to every process of the command; the one that the learner sees decides.
process.on('SIGINT', () => {});
// It is gone, however it went. Ending at once makes the reaper end what still runs; SIGKILL, as an exit may never come.
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));
