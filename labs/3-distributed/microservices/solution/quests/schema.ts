export const QUESTS_TABLES = `
  CREATE TABLE IF NOT EXISTS quests (
    id uuid PRIMARY KEY,
    title text NOT NULL,
    guild text NOT NULL,
    reward bigint NOT NULL,
    places integer NOT NULL,
    taken integer NOT NULL DEFAULT 0 CHECK (taken BETWEEN 0 AND places)
  );
  -- adventurer_id is the id of an account, and no foreign key: that table belongs to somebody else.
  CREATE TABLE IF NOT EXISTS acceptances (
    id uuid PRIMARY KEY,
    quest_id uuid NOT NULL REFERENCES quests,
    adventurer_id uuid NOT NULL,
    state text NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'accepted', 'refused')),
    reason text
  );
`;
