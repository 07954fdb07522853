import type { InjectedTarget } from '../../harness/checkpoint.ts';
import { CheckpointFailure } from '../../harness/failure.ts';
import { type Program, startProgram } from '../../harness/program.ts';
import { type GateState, OwnDatabase } from './own-database.ts';

/** A notice board under test, with a database of its own. */
export interface Board extends AsyncDisposable {
  readonly program: Program;
  readonly database: OwnDatabase;
}

export interface BoardOptions {
  /** What the server finds when it starts. Default: a database that answers. */
  readonly database?: GateState;
  readonly env?: Readonly<Record<string, string>>;
  readonly target?: InjectedTarget;
}

/** Starts the program under test with a database. */
export async function startBoard({ database: state, env, target }: BoardOptions = {}): Promise<Board> {
  const database = await OwnDatabase.create(state);
  try {
    const program = await startProgram({
      env: { DATABASE_URL: database.url, SHUTDOWN_DELAY_MS: '0', ...env },
      ...(target ? { target } : {}),
    });
    return {
      program,
      database,
      [Symbol.asyncDispose]: async () => {
        await program[Symbol.asyncDispose]();
        await database[Symbol.asyncDispose]();
      },
    };
  } catch (error) {
    await database[Symbol.asyncDispose]();
    throw error;
  }
}

/**
 * The same where starting at all is what is judged: a program that does not get there has answered wrongly.
 *
 * @throws CheckpointFailure of kind `assertion` instead of `start`.
 */
export async function startBoardOr(
  options: BoardOptions,
  text: { readonly sent: string; readonly expected: string; readonly usually: string },
): Promise<Board> {
  try {
    return await startBoard(options);
  } catch (error) {
    if (!(error instanceof CheckpointFailure) || error.report.kind !== 'start') throw error;
    const { received, details } = error.report;
    throw new CheckpointFailure({ ...text, received, ...(details ? { details } : {}) });
  }
}
