import type { ReadStream } from 'node:tty';

export type Key = 'again' | 'hint' | 'quit' | 'interrupt';

const KEYS: Readonly<Record<string, Key>> = {
  '\r': 'again',
  '\n': 'again',
  h: 'hint',
  q: 'quit',
  // Ctrl-C is a byte like any other while keys are read one by one.
  '\x03': 'interrupt',
};

/** Reads single keys from a terminal until disposed, when the terminal is as it was. */
export class Keyboard implements Disposable {
  readonly #stdin: ReadStream;
  readonly #listener: (text: string) => void;

  constructor(stdin: ReadStream, onKey: (key: Key) => void) {
    this.#stdin = stdin;
    this.#listener = (text) => {
      for (const character of text) {
        const key = KEYS[character];
        if (key) onKey(key);
      }
    };
    stdin.setRawMode(true).setEncoding('utf8').on('data', this.#listener).resume();
  }

  [Symbol.dispose](): void {
    this.#stdin.off('data', this.#listener).setRawMode(false).pause();
  }
}
