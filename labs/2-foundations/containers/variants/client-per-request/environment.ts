/** What the server goes by, or the one thing that is wrong with it. */
export type Environment =
  | { readonly wrong: string }
  | {
      readonly host: string;
      readonly port: number;
      readonly databaseUrl: string;
      readonly stopDelayMs: number;
      readonly stopWithinMs: number;
    };

const NUMBERS = {
  PORT: [0, 8080, 65_535],
  SHUTDOWN_DELAY_MS: [0, 0, 60_000],
  SHUTDOWN_TIMEOUT_MS: [1, 8_000, 600_000],
} as const;

export function checkedEnvironment(variables: Readonly<Record<string, string | undefined>>): Environment {
  const numbers: Record<string, number> = {};
  for (const [name, [least, usual, most]] of Object.entries(NUMBERS)) {
    const text = variables[name];
    const number = text ? Number(text) : usual;
    const isPlain = !text || /^\d+$/.test(text);
    if (!isPlain || number < least || number > most) return { wrong: `${name} is out of ${least} to ${most}` };
    numbers[name] = number;
  }
  const databaseUrl = variables.DATABASE_URL ?? '';
  const scheme = URL.parse(databaseUrl)?.protocol;
  if (scheme !== 'postgres:' && scheme !== 'postgresql:') return { wrong: 'DATABASE_URL is no postgres:// address' };
  return {
    host: variables.HOST || '127.0.0.1',
    port: numbers.PORT ?? 0,
    databaseUrl,
    stopDelayMs: numbers.SHUTDOWN_DELAY_MS ?? 0,
    stopWithinMs: numbers.SHUTDOWN_TIMEOUT_MS ?? 0,
  };
}
