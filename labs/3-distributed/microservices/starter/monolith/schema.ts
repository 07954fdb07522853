/** Everything in one schema: any statement may join, and any foreign key may hold. That is what a split gives up. */
export const TABLES = `
  CREATE TABLE IF NOT EXISTS accounts (
    id uuid PRIMARY KEY,
    name text NOT NULL UNIQUE,
    salt bytea NOT NULL,
    hash bytea NOT NULL,
    engagements integer NOT NULL DEFAULT 0 CHECK (engagements BETWEEN 0 AND 3),
    purse bigint NOT NULL
  );
  CREATE TABLE IF NOT EXISTS quests (
    id uuid PRIMARY KEY,
    title text NOT NULL,
    guild text NOT NULL,
    reward bigint NOT NULL,
    places integer NOT NULL,
    taken integer NOT NULL DEFAULT 0 CHECK (taken BETWEEN 0 AND places)
  );
  CREATE TABLE IF NOT EXISTS acceptances (
    id uuid PRIMARY KEY,
    quest_id uuid NOT NULL REFERENCES quests,
    adventurer_id uuid NOT NULL REFERENCES accounts,
    state text NOT NULL CHECK (state IN ('accepted', 'refused')),
    reason text
  );
  CREATE TABLE IF NOT EXISTS treasuries (
    guild text PRIMARY KEY,
    gold bigint NOT NULL DEFAULT 0 CHECK (gold >= 0),
    reserved bigint NOT NULL DEFAULT 0 CHECK (reserved >= 0)
  );
  CREATE TABLE IF NOT EXISTS deposits (
    id uuid PRIMARY KEY,
    guild text NOT NULL,
    gold bigint NOT NULL
  );
`;
