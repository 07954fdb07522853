import { jsonAnswer } from './answer.ts';
import { Collection } from './collection.ts';
import { collectionHandlers } from './collection-handlers.ts';
import { CursorCodec } from './cursor.ts';
import type { Store } from './database.ts';
import { document } from './document.ts';
import type { Handlers } from './handler.ts';
import type { Parties } from './party.ts';
import { partyHandlers } from './party-handlers.ts';
import { characters, quests } from './plans.ts';
import { Problem } from './problem.ts';
import type { Settings } from './settings.ts';

export interface Route {
  /** With `:name` for a part that varies. */
  readonly path: string;
  readonly handlers: Handlers;
}

/** Everything that the API offers, whatever carries it. */
export function createRoutes(settings: Settings, database: Store, parties: Parties): readonly Route[] {
  const cursors = new CursorCodec(settings.cursorKey);
  const collections = [characters, quests].flatMap((plan): Route[] => {
    const { list, member } = collectionHandlers(new Collection(plan, database), { database, cursors, settings });
    return [
      { path: plan.path, handlers: list },
      { path: `${plan.path}/:id`, handlers: member },
    ];
  });
  const party = partyHandlers(parties);
  const served = jsonAnswer(200, document); // it never changes, so it is made into text once
  return [
    { path: '/openapi.json', handlers: { get: () => served } },
    ...collections,
    { path: '/quests/:id/party', handlers: party.list },
    { path: '/quests/:id/party/:characterId', handlers: party.member },
  ];
}

// #region method-not-allowed
/** What a route says to any other method. RFC 9110 §15.5.6: it tells what is allowed instead. */
export function methodNotAllowed({ handlers }: Route, method: string): Problem {
  const methods = Object.keys(handlers).flatMap((name) => (name === 'get' ? ['GET', 'HEAD'] : [name.toUpperCase()]));
  return new Problem('method-not-allowed', `${method} is not offered here.`, {
    headers: { Allow: methods.join(', ') },
  });
}
// #endregion method-not-allowed
