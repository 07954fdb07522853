/** Safari has no `AsyncDisposableStack` yet: as much of it as the checkpoints use. */
class Stack {
  readonly #resources: AsyncDisposable[] = [];

  use<T extends AsyncDisposable>(resource: T): T {
    this.#resources.push(resource);
    return resource;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const resource of this.#resources.reverse()) await resource[Symbol.asyncDispose]();
  }
}

export function installDisposal(): void {
  for (const name of ['dispose', 'asyncDispose'] as const) {
    if (!(name in Symbol)) Object.defineProperty(Symbol, name, { value: Symbol.for(`Symbol.${name}`) });
  }
  (globalThis as Record<string, unknown>).AsyncDisposableStack ??= Stack;
}
