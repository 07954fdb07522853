import { type ExitCode, exitCode } from './exit-code.ts';
import { type Look, paint } from './look.ts';
import { wrapText } from './wrap-text.ts';

export interface RefusalOptions {
  readonly exit?: ExitCode;
  /** Sentences that follow the message, each a paragraph. */
  readonly more?: readonly string[];
  /** Commands to type next; printed as they are, never wrapped. */
  readonly next?: readonly string[];
  readonly cause?: unknown;
}

/** A command that was not carried out, for a reason that the person at the keyboard can act on. Nothing was changed. */
export class Refusal extends Error {
  readonly code = 'LAB_REFUSED';
  readonly exit: ExitCode;
  readonly more: readonly string[];
  readonly next: readonly string[];

  constructor(message: string, options: RefusalOptions = {}) {
    super(message, { cause: options.cause });
    this.name = 'Refusal';
    this.exit = options.exit ?? exitCode.usage;
    this.more = options.more ?? [];
    this.next = options.next ?? [];
  }
}

export function renderRefusal(refusal: Refusal, look: Look): string {
  const paragraphs = [refusal.message, ...refusal.more].map((text) => wrapText(text, look.width).join('\n'));
  const commands = refusal.next.map((command) => `  ${paint(look, 'strong', command)}`);
  return `${[paragraphs.join('\n'), ...(commands.length > 0 ? [commands.join('\n')] : [])].join('\n\n')}\n`;
}
