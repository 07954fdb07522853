import { deadlineMs, within } from '../../harness/deadline.ts';
import { CheckpointFailure, check } from '../../harness/failure.ts';
import { residentBytes } from './memory.ts';
import { inTavern } from './tavern.ts';

const MAX_LINE_BYTES = 1_024;

export function judgePieces(): Promise<void> {
  return inTavern({}, async (tavern) => {
    const [ada, bob] = await tavern.gather('tavern', 'ada', 'bob');
    const text = 'grüß 友 🎲';
    const usually =
      'each chunk is taken for a line, or is made text by itself, so that a character split in two is lost';
    for (const byte of Buffer.from(`SAY ${text}\n`)) {
      // The answer to somebody else shows that the server has had its chance to read the piece before by itself.
      await bob.expectQuiet({ sent: `a part of "SAY ${text}", byte by byte`, usually });
      await ada.tcp.write(Buffer.of(byte));
    }
    await bob.expect(`MSG ada ${text}`, { sent: `"SAY ${text}" and LF, byte by byte`, usually });
    const together = 'only the first line of a chunk is read, or the part after the last line end is lost';
    const cyd = await tavern.connect();
    const sent = 'HELLO, JOIN and three messages in one packet, whose end is the beginning of another message';
    await cyd.tcp.write('HELLO cyd\nJOIN tavern\nSAY 1\nSAY 2\nSAY 3\nSA');
    for (const line of ['JOINED cyd', 'MSG cyd 1', 'MSG cyd 2', 'MSG cyd 3']) {
      await bob.expect(line, { sent, usually: together });
    }
    await bob.expectQuiet({ sent, usually: together });
    await cyd.tcp.write('Y 4\nSAY 5\n');
    for (const line of ['MSG cyd 4', 'MSG cyd 5']) await bob.expect(line, { sent, usually: together });
    for (const line of ['WELCOME cyd', 'HERE tavern ada bob cyd']) await cyd.expect(line, { sent, usually: together });
  });
}

export function judgeLineEnds(): Promise<void> {
  return inTavern({}, async (tavern) => {
    const [ada, bob] = await tavern.gather('tavern', 'ada', 'bob');
    const crlf = await tavern.connect();
    crlf.send('HELLO crlf\r', '\r', '', '\r', 'WHO\r', 'PING\r');
    const usually = 'the CR of a CRLF is taken for a part of the line, or an empty line for an unknown command';
    await crlf.expect('WELCOME crlf', { sent: '"HELLO crlf" and CRLF', usually });
    await crlf.expectError('NO_ROOM', { sent: 'empty lines with LF and CRLF, then WHO with CRLF', usually });
    await crlf.expect('PONG', { sent: 'PING with CRLF', usually });
    // The CR and the LF of one line end, in two packets.
    await ada.tcp.write('SAY split end\r');
    await bob.expectQuiet({ sent: 'a line and CR, no LF yet', usually: 'a CR ends the line: only LF does' });
    await ada.tcp.write('\n');
    await bob.expect('MSG ada split end', { sent: 'a line and CR, then LF', usually });
    const text = 'one\u2028line\u2029of\ufefftext';
    ada.send(`SAY ${text}`);
    await bob.expect(`MSG ada ${text}`, {
      sent: JSON.stringify(`SAY ${text}`),
      usually: 'a function that splits lines knows more line ends than LF: U+2028 and U+2029 are text here',
    });
    await ada.expectQuiet({ usually });
    ada.send(' ');
    await ada.expectError('UNKNOWN_COMMAND', {
      sent: 'a line of one space',
      usually: 'lines are trimmed: a space is no empty line',
    });
  });
}

export function judgeLongLine(): Promise<void> {
  return inTavern({ MAX_PENDING_BYTES: '65536' }, async (tavern) => {
    const [ada, bob] = await tavern.gather('tavern', 'ada', 'bob');
    const longest = `SAY é${'x'.repeat(MAX_LINE_BYTES - 6)}`;
    for (const end of ['\n', '\r\n']) {
      await ada.tcp.write(`${longest}${end}`);
      await bob.expect(`MSG ada ${longest.slice(4)}`, {
        sent: `a line of 1,024 bytes and ${JSON.stringify(end)}`,
        usually: 'the line end is counted, the limit is one too small, or characters are counted in place of bytes',
      });
    }
    const sent = 'a line of 1,025 bytes';
    ada.send(`${longest}x`);
    await ada.expectError('LINE_TOO_LONG', {
      sent,
      usually: 'the limit is one too large, or characters are counted in place of bytes',
    });
    await bob.expectQuiet({ sent, usually: 'the line is refused and sent on all the same' });

    const unended = '2,000 bytes without a line end';
    const waits = 'the server waits for the line end before it looks at the length: it may never come';
    await ada.tcp.write('x'.repeat(2_000));
    await ada.expectError('LINE_TOO_LONG', { sent: unended, usually: waits });
    const smuggled =
      'the buffer is emptied at the limit, and what follows is taken for a new line or refused once more';
    for (const piece of ['SAY smuggled', 'x'.repeat(3_000), '\r\nSAY after\n']) {
      await bob.expectQuiet({ sent: `${unended}, then "SAY smuggled", 3,000 more, then the end`, usually: smuggled });
      await ada.tcp.write(piece);
    }
    await bob.expect('MSG ada after', {
      sent: `${unended}, then "SAY smuggled", 3,000 more, then the end`,
      usually: smuggled,
    });
    await ada.expectQuiet({ sent: `${unended}, then "SAY smuggled", 3,000 more, then the end`, usually: smuggled });

    const kept = 'the rest of the refused line is still collected until its end comes';
    const endless = await tavern.connect();
    const block = Buffer.alloc(1_048_576, 'x');
    const write = async (megabytes: number) => {
      for (let i = 0; i < megabytes; i += 1) {
        await within(endless.tcp.write(block), deadlineMs(3_000), () => {
          return new CheckpointFailure({
            sent: '128 MiB without a line end',
            expected: 'a server that reads on and throws away what it refused',
            received: `a server that did not take the ${i + 1}. MiB within 3 s`,
            usually: kept,
          });
        });
      }
    };
    // The first half fills whatever buffers and garbage a runtime needs for reading at full speed.
    await write(64);
    const before = await residentBytes(tavern.server);
    await write(64);
    const grown = (await residentBytes(tavern.server)) - before;
    check(grown < 48 * 1_048_576, {
      sent: '128 MiB without a line end',
      expected: 'a server that throws away what it refused, and grows by less than 48 MiB during the last 64',
      received: `a server that grew by ${Math.round(grown / 1_048_576)} MiB`,
      usually: kept,
    });
    await endless.tcp.write('\nPING\n');
    await endless.expectError('LINE_TOO_LONG', { sent: '128 MiB without a line end', usually: waits });
    await endless.expect('PONG', { sent: '128 MiB, a line end and PING', usually: smuggled });
  });
}

export function judgeInvalidUtf8(): Promise<void> {
  return inTavern({}, async (tavern) => {
    const [ada, bob] = await tavern.gather('tavern', 'ada', 'bob');
    const usually =
      'bytes are decoded leniently: every fault becomes U+FFFD, and the text that goes on is not what was sent';
    const faults: readonly (readonly [string, readonly number[]])[] = [
      ['a lone continuation byte', [0x80]],
      ['a first byte without its continuation', [0xc3, 0x28]],
      ['a character cut off by the line end', [0xe2, 0x82]],
      ['an overlong "/"', [0xc0, 0xaf]],
      ['an overlong NUL', [0xe0, 0x80, 0x80]],
      ['a surrogate', [0xed, 0xa0, 0x80]],
      ['a character above U+10FFFF', [0xf4, 0x90, 0x80, 0x80]],
      ['a byte that UTF-8 never has', [0xff]],
    ];
    for (const [what, bytes] of faults) {
      await ada.tcp.write(Buffer.concat([Buffer.from('SAY '), Buffer.from(bytes), Buffer.from('\n')]));
      await ada.expectError('INVALID_UTF8', { sent: `${what} in a message`, usually });
    }
    await ada.tcp.write(Buffer.from([0xff, 0x0a]));
    await ada.expectError('INVALID_UTF8', { sent: 'ff 0a', usually });
    ada.send('\ufeffSAY marked');
    await ada.expectError('UNKNOWN_COMMAND', {
      sent: 'ef bb bf (a byte order mark), then "SAY marked"',
      usually: 'the decoder drops a byte order mark: it is text like any other here',
    });
    ada.send('SAY \u{10ffff}\ufffd fine');
    await bob.expect('MSG ada \u{10ffff}\ufffd fine', {
      sent: 'a message with U+10FFFF and U+FFFD, after the invalid ones',
      usually: 'an invalid line was sent on, what follows it is no longer read, or U+FFFD itself is taken for a fault',
    });
  });
}

export function judgeControlCharacters(): Promise<void> {
  return inTavern({}, async (tavern) => {
    const [ada, bob] = await tavern.gather('tavern', 'ada', 'bob');
    const usually =
      'only some control characters are refused: U+0000 to U+001F, and U+007F to U+009F, are what the brief names';
    for (const text of ['\u0000', 'a\tb', '\u001b[2J', 'a\rb', 'a\r', '\u007f', '\u0085', '\u009b2J']) {
      ada.send(`SAY ${text}${text.endsWith('\r') ? '\r' : ''}`);
      await ada.expectError('CONTROL_CHARACTER', { sent: JSON.stringify(`SAY ${text}`), usually });
    }
    ada.send('HELLO\tada');
    await ada.expectError('CONTROL_CHARACTER', { sent: '"HELLO\\tada"', usually });
    ada.send('SAY ~\u00a0\u00ad');
    await bob.expect('MSG ada ~\u00a0\u00ad', {
      sent: 'a message with U+007E, U+00A0 and U+00AD, the neighbours of control characters',
      usually: 'a refused line was sent on, or more is refused than control characters',
    });
  });
}
