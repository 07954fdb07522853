import { type Answer, emptyAnswer, jsonAnswer } from './answer.ts';
import { ignoreBody, parseJson, readBody, requireMediaType } from './body.ts';
import type { Collection, Fields, Stored } from './collection.ts';
import { readIfNoneMatch, requireIfMatch } from './conditional.ts';
import type { CursorCodec } from './cursor.ts';
import type { Queryable, Store } from './database.ts';
import type { ApiRequest, Handlers } from './handler.ts';
import { fingerprintOf, once, readIdempotencyKey } from './idempotency.ts';
import { readListQuery } from './query.ts';
import { withDefaults } from './schemas.ts';
import type { Settings } from './settings.ts';
import { validate } from './validation.ts';

export interface HandlerOptions {
  readonly database: Store;
  readonly cursors: CursorCodec;
  readonly settings: Settings;
}

/** The six operations of a collection. */
export function collectionHandlers(
  collection: Collection,
  { database, cursors, settings }: HandlerOptions,
): { readonly list: Handlers; readonly member: Handlers } {
  const { name, path, sorts } = collection.plan;
  const idOf = ({ params }: ApiRequest) => String(params.id);
  const found = ({ representation, tag }: Stored) => jsonAnswer(200, representation, { ETag: tag });

  const readPage = async (request: ApiRequest): Promise<Answer> => {
    const { sort, guild, limit, cursor } = readListQuery(queryOf(request), Object.keys(sorts));
    const identity = { path, sort, guild };
    const after = cursor === undefined ? undefined : cursors.decode(identity, cursor);
    const { items, next } = await collection.page(identity, limit, after);
    return jsonAnswer(200, { items, nextCursor: next ? cursors.encode(identity, next) : null });
  };

  const create = async (request: ApiRequest): Promise<Answer> => {
    requireMediaType(request, 'application/json');
    const key = readIdempotencyKey(request);
    const bytes = await readBody(request, settings.bodyLimitBytes);
    const fields = withDefaults(`${name}Input`, validate(`${name}Input`, parseJson(bytes)));
    const insert = async (client?: Queryable): Promise<Answer> => {
      const { representation, tag } = await collection.create(fields, client);
      return jsonAnswer(201, representation, { Location: `${path}/${representation.id}`, ETag: tag });
    };
    if (key === undefined) return insert();
    return once(database, { key, fingerprint: fingerprintOf('POST', path, bytes) }, insert);
  };

  const replace = async (request: ApiRequest): Promise<Answer> => {
    requireMediaType(request, 'application/json');
    const precondition = requireIfMatch(request.headers['if-match']);
    const body = validate(`${name}Input`, parseJson(await readBody(request, settings.bodyLimitBytes)));
    return found(await collection.write(idOf(request), precondition, () => withDefaults(`${name}Input`, body)));
  };

  // #region merge-patch
  const patch = async (request: ApiRequest): Promise<Answer> => {
    requireMediaType(request, 'application/merge-patch+json');
    const precondition = requireIfMatch(request.headers['if-match']);
    const body = validate(`${name}Patch`, parseJson(await readBody(request, settings.bodyLimitBytes)));
    // RFC 7396: null takes a member away, and what is not there has its default.
    const merge = (current: Fields): Fields => {
      const merged = Object.entries({ ...current, ...body }).filter(([, value]) => value !== null);
      return withDefaults(`${name}Input`, Object.fromEntries(merged));
    };
    return found(await collection.write(idOf(request), precondition, merge));
  };
  // #endregion merge-patch

  const read = async (request: ApiRequest): Promise<Answer> => {
    const isNotModified = readIfNoneMatch(request.headers['if-none-match']);
    const { representation, tag } = await collection.read(idOf(request));
    if (isNotModified(tag)) return emptyAnswer(304, { ETag: tag });
    return jsonAnswer(200, representation, { ETag: tag });
  };

  const remove = async (request: ApiRequest): Promise<Answer> => {
    const precondition = requireIfMatch(request.headers['if-match']);
    await ignoreBody(request);
    await collection.remove(idOf(request), precondition);
    return emptyAnswer(204);
  };

  return { list: { get: readPage, post: create }, member: { get: read, put: replace, patch, delete: remove } };
}

/** The query as it stands in the request, without its question mark. */
function queryOf({ url = '' }: ApiRequest): string {
  const at = url.indexOf('?');
  return at < 0 ? '' : url.slice(at + 1);
}
