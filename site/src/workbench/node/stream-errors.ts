/** An error as Node's streams have them. */
export function coded(message: string, code: string): Error {
  return Object.assign(new Error(message), { code });
}

export function prematureClose(): Error {
  return coded('Premature close', 'ERR_STREAM_PREMATURE_CLOSE');
}

export function destroyedError(): Error {
  return coded('Cannot call write after a stream was destroyed', 'ERR_STREAM_DESTROYED');
}
