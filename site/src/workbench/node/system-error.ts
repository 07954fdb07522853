const SAID: Readonly<Record<string, string>> = {
  EADDRINUSE: 'address already in use',
};

/** The error of a call to the system, as Node makes it. @param where the address, where Node names it. */
export function systemError(syscall: string, code: string, where?: string): Error {
  const said = where === undefined ? code : `${code}: ${SAID[code] ?? 'failed'} ${where}`;
  return Object.assign(new Error(`${syscall} ${said}`), { code, syscall, errno: -1 });
}
