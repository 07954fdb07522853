/** What the supervisor tells a process that it starts, by its environment. It has checked all of it. */
export interface ServiceSettings {
  readonly host: string;
  readonly port: number;
  /** With the role of this service. Empty for the gateway, which has no tables. */
  readonly databaseUrl: string;
  readonly amqpUrl: string;
  readonly amqpPrefix: string;
  readonly drillFolder: string;
  readonly internalSecret: string;
  readonly tokenKey: string;
  /** Of the gateway alone: where each service is. */
  readonly upstreams: Readonly<Record<string, string>>;
  readonly upstreamTimeoutMs: number;
}

const VARIABLE = 'TAVERN_SERVICE_SETTINGS';

export function passSettings(settings: ServiceSettings): Record<string, string> {
  return { [VARIABLE]: JSON.stringify(settings) };
}

export function receiveSettings(): ServiceSettings {
  return JSON.parse(process.env[VARIABLE] ?? '{}') as ServiceSettings;
}
