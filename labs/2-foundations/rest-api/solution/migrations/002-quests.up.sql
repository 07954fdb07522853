CREATE TABLE quests (
  id          uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  title       text COLLATE "C" NOT NULL,
  guild       text COLLATE "C" NOT NULL,
  description text NOT NULL,
  reward      bigint NOT NULL CHECK (reward BETWEEN 0 AND 9007199254740991),
  places      integer NOT NULL CHECK (places BETWEEN 1 AND 20),
  starts_at   timestamptz(3),
  version     bigint NOT NULL DEFAULT 1,
  created_at  timestamptz(3) NOT NULL DEFAULT now(),
  updated_at  timestamptz(3) NOT NULL DEFAULT now()
);

CREATE INDEX quests_by_title ON quests (title, id);
CREATE INDEX quests_by_reward ON quests (reward, id);
CREATE INDEX quests_of_guild_by_title ON quests (guild, title, id);
CREATE INDEX quests_of_guild_by_reward ON quests (guild, reward, id);

CREATE TABLE party_members (
  quest_id     uuid NOT NULL REFERENCES quests ON DELETE CASCADE,
  character_id uuid NOT NULL REFERENCES characters ON DELETE CASCADE,
  joined_at    timestamptz(3) NOT NULL DEFAULT now(),
  PRIMARY KEY (quest_id, character_id)
);

CREATE INDEX party_members_of_character ON party_members (character_id);
