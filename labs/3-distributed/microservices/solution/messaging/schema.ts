/** The two tables that make messages reliable, in the schema of each service. */
export const MESSAGING_TABLES = `
  CREATE TABLE IF NOT EXISTS outbox (
    position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    event jsonb NOT NULL
  );
  -- Simplified: nothing is ever forgotten. In production: delete what is older than any message can be.
  CREATE TABLE IF NOT EXISTS inbox (
    source text NOT NULL,
    id text NOT NULL,
    taken_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (source, id)
  );
`;
