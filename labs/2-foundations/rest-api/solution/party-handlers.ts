import { emptyAnswer, jsonAnswer } from './answer.ts';
import { ignoreBody } from './body.ts';
import type { ApiRequest, Handlers } from './handler.ts';
import type { Parties } from './party.ts';

/** The operations on who is on which quest. Joining is a PUT: doing it twice is doing it once. */
export function partyHandlers(parties: Parties): { readonly list: Handlers; readonly member: Handlers } {
  const ids = ({ params }: ApiRequest): [string, string] => [String(params.id), String(params.characterId)];
  return {
    list: {
      get: async ({ params }) => jsonAnswer(200, { items: await parties.list(String(params.id)) }),
    },
    member: {
      get: async (request) => jsonAnswer(200, await parties.read(...ids(request))),
      put: async (request) => {
        const [questId, characterId] = ids(request);
        await ignoreBody(request);
        const { membership, isNew } = await parties.join(questId, characterId);
        if (!isNew) return jsonAnswer(200, membership);
        const { questId: quest, characterId: character } = membership;
        return jsonAnswer(201, membership, { Location: `/quests/${quest}/party/${character}` });
      },
      delete: async (request) => {
        await ignoreBody(request);
        await parties.leave(...ids(request));
        return emptyAnswer(204);
      },
    },
  };
}
