type Callback = (error: Error | null, value?: unknown) => void;

/** As `util.promisify`, with what a function says of itself under this key. */
const custom = Symbol.for('nodejs.util.promisify.custom');

function promisify(work: ((...given: unknown[]) => void) & { [custom]?: unknown }): unknown {
  return (
    work[custom] ??
    ((...given: unknown[]) =>
      new Promise((resolve, reject) => {
        const done: Callback = (error, value) => (error ? reject(error) : resolve(value));
        work(...given, done);
      }))
  );
}

const boundPromisify = Object.assign(promisify, { custom });

export { boundPromisify as promisify };

export const util = { promisify: boundPromisify, TextDecoder, TextEncoder };
