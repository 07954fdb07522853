CREATE TABLE characters (
  id         uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  name       text COLLATE "C" NOT NULL,
  class      text NOT NULL,
  guild      text COLLATE "C" NOT NULL,
  level      integer NOT NULL CHECK (level BETWEEN 1 AND 20),
  gold       bigint NOT NULL CHECK (gold BETWEEN 0 AND 9007199254740991),
  bio        text NOT NULL,
  born_on    date,
  version    bigint NOT NULL DEFAULT 1,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  updated_at timestamptz(3) NOT NULL DEFAULT now()
);

-- One for each order of the list: a page is a range of the index, wherever it begins.
CREATE INDEX characters_by_name ON characters (name, id);
CREATE INDEX characters_by_level ON characters (level, id);
CREATE INDEX characters_of_guild_by_name ON characters (guild, name, id);
CREATE INDEX characters_of_guild_by_level ON characters (guild, level, id);
