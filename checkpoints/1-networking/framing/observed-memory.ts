/**
 * What code asks of memory: the sizes of the buffers that it makes and the bytes that it copies, seen by standing in
 * for `Uint8Array`, `ArrayBuffer` and their methods while it runs. Works in every engine.
 */

export interface MemoryBounds {
  /** The largest single buffer, in bytes. */
  readonly largest: number;
  /** All bytes allocated or copied. */
  readonly total: number;
}

export interface MemoryUse {
  readonly largest: number;
  readonly total: number;
}

/** Thrown into the observed code when it goes beyond a bound, so that a check ends before memory does. */
class BoundExceeded extends RangeError {}

/** Some pages of a browser have none. */
const SharedBuffer: new () => object = globalThis.SharedArrayBuffer ?? class {};
/** A view into a buffer that is there already allocates nothing. */
const isBuffer = (value: unknown) => value instanceof ArrayBuffer || value instanceof SharedBuffer;

/**
 * Runs `work` and counts. Not seen: arrays of numbers, strings, and what an engine does by itself.
 *
 * @param work synchronous, as the stand-ins are taken away when it returns.
 * @returns what it used, and how it ended: a bound that it broke shows as `use` above `bounds`.
 */
export function observeMemory<T>(
  bounds: MemoryBounds,
  work: () => T,
): { readonly use: MemoryUse; readonly value?: T; readonly error?: unknown } {
  const use = { largest: 0, total: 0 };
  const count = (allocated: number, copied: number) => {
    use.largest = Math.max(use.largest, allocated);
    use.total += allocated + copied;
    if (use.largest > bounds.largest || use.total > bounds.total) {
      throw new BoundExceeded('Array buffer allocation failed');
    }
  };
  const restore = standIn(count);
  try {
    return { use, value: work() };
  } catch (error) {
    return { use, error };
  } finally {
    restore();
  }
}

type Count = (allocated: number, copied: number) => void;
type Method = (this: unknown, ...args: unknown[]) => unknown;

/** Puts the stand-ins in place and returns what takes them away. */
function standIn(count: Count): () => void {
  const undo: (() => void)[] = [];
  const replace = (owner: object, name: string, make: (original: Method) => unknown) => {
    const descriptor = Object.getOwnPropertyDescriptor(owner, name);
    if (typeof descriptor?.value !== 'function') return;
    Object.defineProperty(owner, name, { ...descriptor, value: make(descriptor.value as Method) });
    undo.push(() => Object.defineProperty(owner, name, descriptor));
  };
  const counted =
    (sizes: (self: unknown, args: unknown[]) => [allocated: number, copied: number]) => (original: Method) =>
      function (this: unknown, ...args: unknown[]) {
        count(...sizes(this, args));
        return Reflect.apply(original, this, args);
      };
  const bytesIn = (value: unknown) => (value as { readonly byteLength?: number }).byteLength ?? 0;
  const between = (self: unknown, [from, to]: unknown[]) => {
    const length = bytesIn(self);
    const place = (at: unknown, otherwise: number) => {
      const n = at === undefined ? otherwise : Math.trunc(Number(at)) || 0;
      return n < 0 ? Math.max(0, length + n) : Math.min(n, length);
    };
    return Math.max(0, place(to, length) - place(from, 0));
  };

  const typedArray = Object.getPrototypeOf(Uint8Array.prototype) as object;
  replace(
    typedArray,
    'slice',
    counted((self, args) => [between(self, args), between(self, args)]),
  );
  replace(
    typedArray,
    'set',
    counted((_self, [source]) => [0, bytesIn(source) || Number((source as ArrayLike<number>).length)]),
  );
  replace(
    typedArray,
    'copyWithin',
    counted((self, [, ...range]) => [0, between(self, range)]),
  );
  replace(
    ArrayBuffer.prototype,
    'slice',
    counted((self, args) => [between(self, args), between(self, args)]),
  );
  // Grows in place, in room that was only reserved until then.
  replace(
    ArrayBuffer.prototype,
    'resize',
    counted((self, [length]) => [Math.max(0, Number(length) - bytesIn(self)), 0]),
  );
  // Moves to another buffer; with the same length, nothing is copied.
  const moved = counted((self, [length]) => {
    const [before, after] = [bytesIn(self), Number(length ?? bytesIn(self))];
    return before === after ? [0, 0] : [after, Math.min(before, after)];
  });
  for (const name of ['transfer', 'transferToFixedLength']) replace(ArrayBuffer.prototype, name, moved);

  const constructors = { ArrayBuffer: 1, Uint8Array: 1, Uint8ClampedArray: 1, Uint16Array: 2, Uint32Array: 4 } as const;
  for (const [name, unit] of Object.entries(constructors)) {
    replace(
      globalThis,
      name,
      (original) =>
        new Proxy(original, {
          construct(target, args, newTarget) {
            const [source] = args;
            const length =
              typeof source === 'object' && source !== null ? Number(source.length ?? 0) : Number(source ?? 0);
            if (!isBuffer(source)) count(length * unit, typeof source === 'object' ? length * unit : 0);
            return Reflect.construct(target, args, newTarget) as object;
          },
        }),
    );
  }
  return () => {
    for (const step of undo.reverse()) step();
  };
}
