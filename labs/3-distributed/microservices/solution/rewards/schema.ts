export const REWARDS_TABLES = `
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
  CREATE TABLE IF NOT EXISTS reservations (
    acceptance_id uuid PRIMARY KEY,
    guild text NOT NULL,
    gold bigint NOT NULL,
    state text NOT NULL DEFAULT 'reserved' CHECK (state IN ('reserved', 'released'))
  );
  CREATE TABLE IF NOT EXISTS purses (
    account_id uuid PRIMARY KEY,
    gold bigint NOT NULL
  );
`;
