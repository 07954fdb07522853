/** The little of PostgreSQL's protocol that a proxy has to know. PostgreSQL, "Frontend/Backend Protocol". */

/** Idle, in a transaction, in a transaction that failed: as ReadyForQuery tells it. */
export type TransactionStatus = 'I' | 'T' | 'E';

/** Requests for TLS, for GSS encryption, and to cancel: messages without a type, like the startup itself. */
const PREAMBLES = new Set([80_877_103, 80_877_104, 80_877_102]);
/** Messages after which the client waits: Query, Sync, Flush, a password, Terminate. */
const ENDS_REQUEST = new Set(['Q', 'S', 'H', 'p', 'X']);

/** Cuts what a client sends into requests: each ends where the client waits for an answer. */
export function createFrontendReader(onRequest: (request: Buffer) => void): (chunk: Buffer) => void {
  let pending = Buffer.alloc(0);
  let started = false;
  return (chunk) => {
    pending = Buffer.concat([pending, chunk]);
    let at = 0; // where the next message begins; what is before it is whole
    for (;;) {
      const typed = started ? 1 : 0;
      if (pending.length < at + typed + 4) return;
      const end = at + typed + pending.readInt32BE(at + typed);
      if (pending.length < end) return;
      const ends = !started || ENDS_REQUEST.has(String.fromCharCode(pending[at] ?? 0));
      if (!started && !PREAMBLES.has(pending.readInt32BE(at + 4))) started = true;
      at = end;
      if (!ends) continue;
      onRequest(pending.subarray(0, at));
      pending = pending.subarray(at);
      at = 0;
    }
  };
}

/** Calls `onReady` with the status of each ReadyForQuery that the server sends. */
export function createBackendReader(onReady: (status: TransactionStatus) => void): (chunk: Buffer) => void {
  let pending = Buffer.alloc(0);
  let first = true;
  return (chunk) => {
    pending = Buffer.concat([pending, chunk]);
    // The answer to a request for encryption is one byte, N, and no message: this server speaks plainly.
    while (first && pending[0] === 0x4e && pending.length === 1) pending = pending.subarray(1);
    while (pending.length >= 5) {
      first = false;
      const end = 1 + pending.readInt32BE(1);
      if (pending.length < end) return;
      if (pending[0] === 0x5a) onReady(String.fromCharCode(pending[5] ?? 0) as TransactionStatus);
      pending = pending.subarray(end);
    }
  };
}

/**
 * The statements that a request runs, by Query or by Execute, with those that it names; empty for one that only prepares.
 *
 * @param statements names and texts on this connection; what the request names is added.
 */
export function statementsOf(request: Buffer, statements: Map<string, string>): string {
  const text = request.toString('latin1');
  const run: string[] = [];
  let bound = '';
  for (let at = 0; at + 5 <= request.length; ) {
    const end = at + 1 + request.readInt32BE(at + 1);
    if (end < at + 5) break; // a startup, which has no type
    const [first = '', second = ''] = text.slice(at + 5, end).split('\0');
    if (text[at] === 'P') statements.set(first, second);
    else if (text[at] === 'B') bound = statements.get(second) ?? '';
    else if (text[at] === 'E') run.push(bound);
    else if (text[at] === 'Q') run.push(first);
    at = end;
  }
  return run.join(';\n');
}
