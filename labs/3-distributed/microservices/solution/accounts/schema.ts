export const ACCOUNTS_TABLES = `
  CREATE TABLE IF NOT EXISTS accounts (
    id uuid PRIMARY KEY,
    name text NOT NULL UNIQUE,
    salt bytea NOT NULL,
    hash bytea NOT NULL,
    engagements integer NOT NULL DEFAULT 0 CHECK (engagements BETWEEN 0 AND 3)
  );
`;
