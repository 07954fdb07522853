/** What the proxy answers in PostgreSQL's place. PostgreSQL, "Frontend/Backend Protocol". */
import type { TransactionStatus } from '../../harness/faults/postgres-messages.ts';

/** ErrorResponse and ReadyForQuery, as the server answers a statement that failed. */
export function errorResponse(sqlState: string, status: TransactionStatus): Buffer {
  return Buffer.concat([errorMessage('ERROR', sqlState), message('Z', status === 'I' ? 'I' : 'E')]);
}

/** ErrorResponse, as the server takes its leave with it. */
export function fatalResponse(sqlState: string): Buffer {
  return errorMessage('FATAL', sqlState);
}

/** Query and Parse: the statement stands after the head, and a Parse has a name before it. */
export function isCommit(request: Buffer): boolean {
  return /^(Q[\s\S]{4}|P[\s\S]{4}[^\0]*\0)\s*(COMMIT|END)\b/i.test(request.toString('latin1'));
}

export const ROLLBACK = message('Q', 'ROLLBACK\0');

function errorMessage(severity: string, sqlState: string): Buffer {
  return message('E', `S${severity}\0V${severity}\0C${sqlState}\0Mmade by a checkpoint\0\0`);
}

function message(type: string, content: string): Buffer {
  const head = Buffer.alloc(5);
  head.write(type);
  head.writeInt32BE(content.length + 4, 1);
  return Buffer.concat([head, Buffer.from(content, 'latin1')]);
}
