/**
 * Pact's verifier as a process of its own, as its core is native and writes to standard output. Takes tasks as JSON on the
 * command line, and writes an outcome for each as a line, in their order, until one is not good.
 */
import { MessageProviderPact, Verifier } from '@pact-foundation/pact';

export interface ContractTask {
  readonly provider: string;
  readonly file: string;
  /** Of the provider, for a contract over HTTP. */
  readonly baseUrl?: string;
  /** A real message for each description, for a contract about messages. */
  readonly messages?: Readonly<Record<string, unknown>>;
  /** What there is in each state of the provider. */
  readonly states: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

export interface ContractOutcome {
  readonly ok: boolean;
  /** What does not fit, one line each. */
  readonly mismatches: readonly string[];
}

const tasks = JSON.parse(process.argv[2] ?? '[]') as ContractTask[];
for (const task of tasks) if (!(await isKept(task))) break;

async function isKept(task: ContractTask): Promise<boolean> {
  const stateHandlers = Object.fromEntries(
    Object.entries(task.states).map(([state, values]) => [state, () => Promise.resolve({ ...values })]),
  );
  const common = { provider: task.provider, pactUrls: [task.file], logLevel: 'error' as const, stateHandlers };
  try {
    if (task.baseUrl !== undefined) await new Verifier({ ...common, providerBaseUrl: task.baseUrl }).verifyProvider();
    else {
      const messageProviders = Object.fromEntries(
        Object.entries(task.messages ?? {}).map(([name, message]) => [name, () => Promise.resolve(message)]),
      );
      await new MessageProviderPact({ ...common, messageProviders }).verify();
    }
    tell({ ok: true, mismatches: [] });
    return true;
  } catch (error) {
    tell({ ok: false, mismatches: mismatchesOf((error as Error).message) });
    return false;
  }
}

function tell(outcome: ContractOutcome): void {
  process.stdout.write(`\nOUTCOME ${JSON.stringify(outcome)}\n`);
}

function mismatchesOf(message: string): string[] {
  const found: string[] = [];
  const visit = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    const { mismatch, path } = value as { mismatch?: unknown; path?: unknown };
    if (typeof mismatch === 'string') found.push(typeof path === 'string' ? `${path}: ${mismatch}` : mismatch);
    for (const each of Object.values(value)) visit(each);
  };
  try {
    visit(JSON.parse(message));
  } catch {
    found.push(message.split('\n')[0] ?? '');
  }
  return [...new Set(found)];
}
