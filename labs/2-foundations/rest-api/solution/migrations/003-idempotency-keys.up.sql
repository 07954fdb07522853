CREATE TABLE idempotency_keys (
  key         text COLLATE "C" PRIMARY KEY,
  -- SHA-256 of method, path and body: what the key stands for.
  fingerprint bytea NOT NULL,
  -- The first answer; null while its transaction is under way, which nobody else sees.
  answer      jsonb,
  created_at  timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_at);
