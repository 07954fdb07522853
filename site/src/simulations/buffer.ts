/** As much of Node's `Buffer` as the labs' code needs that runs in simulations. */
export const Buffer = {
  concat(parts: readonly Uint8Array[], totalLength: number): Uint8Array {
    const joined = new Uint8Array(totalLength);
    let at = 0;
    for (const part of parts) {
      joined.set(part, at);
      at += part.length;
    }
    return joined;
  },
};
