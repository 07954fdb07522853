import { type Answer, jsonAnswer } from '../http/answer.ts';
import { Problem } from '../http/problem.ts';
import type { Ask, Question } from './upstream.ts';

/** What the gateway reads of the answers of others: no more than this, as contracts/ says. */
interface Quest {
  readonly id: string;
  readonly title: string;
  readonly guild: string;
  readonly reward: number;
}

interface Treasury {
  readonly gold: number;
}

// #region offer
/** A quest, and whether its guild can pay for it: made of what two services know. */
export async function readOffer(
  ask: Ask,
  questId: string,
  common: Pick<Question, 'accountId' | 'requestId' | 'signal'>,
): Promise<Answer> {
  const read = (service: string, path: string) =>
    ask({ service, path, method: 'GET', body: Buffer.alloc(0), contentType: undefined, ...common });
  const found = await read('quests', `/quests/${questId}`);
  if (found.status !== 200) return found;
  const { id, title, guild, reward } = JSON.parse(found.body) as Quest;
  return jsonAnswer(200, { questId: id, title, reward, payable: await payable() });

  /** null: nobody can say. The quest is worth reading without it. */
  async function payable(): Promise<boolean | null> {
    try {
      const { status, body } = await read('rewards', `/treasuries/${guild}`);
      if (status === 404) return false;
      return status === 200 ? (JSON.parse(body) as Treasury).gold >= reward : null;
    } catch (error) {
      if (error instanceof Problem) return null;
      throw error;
    }
  }
}
// #endregion offer
