import type { BuiltLab } from '../../course-schema.ts';

export const framing: BuiltLab = {
  status: 'built',
  slug: 'framing',
  title: 'Frame decoder',
  competency: 'Turning a stream of untrusted bytes into messages, at a bounded cost',
  teaches: [
    'find the borders of messages in a stream that is cut anywhere',
    'refuse a length before it costs anything',
    'tell text from bytes that only look like it',
    'keep the cost of a message in proportion to its bytes',
  ],
  kinds: ['module'],
  services: [],
  entry: { typescript: 'framing.ts' },
  diagrams: ['frame-decoder'],
  checkpoints: [
    {
      id: 'vectors',
      sentence: 'a text becomes the published bytes, and the published bytes become their text',
      read: 'framing',
      passesInStarter: 'the starter encodes, and decodes a frame that fills its chunk',
      hints: [
        'Compare your bytes with the table of vectors in the brief, the first four before the others.',
        'A DataView writes the most significant byte first unless you ask for the other order.',
        'The length is that of the encoded payload: encode first, then write the header.',
      ],
    },
    {
      id: 'split',
      sentence: 'a frame cut at any byte, and any number of frames in one chunk, give the same messages',
      read: 'framing',
      hints: [
        'What does your decoder remember between two calls of push?',
        'A chunk may end after the second byte of a header. Think of two states: collecting a header, collecting a payload.',
        'Loop: take what the state still needs from the chunk; if it is not enough, return; otherwise finish the state and go on with the rest.',
      ],
    },
    {
      id: 'split-character',
      sentence: 'a character whose bytes come in different chunks arrives whole',
      read: 'framing',
      hints: [
        'At which moment are you sure to have every byte of a message?',
        'Keep bytes, not text, until the frame is whole, and decode it once.',
      ],
    },
    {
      id: 'empty-frame',
      sentence: 'a frame of length zero is an empty message, there with its fourth byte',
      read: 'framing',
      hints: [
        'An empty message is a message: somebody pressed Enter.',
        'After a header, ask whether the payload is whole before you ask whether there are bytes left in the chunk.',
      ],
    },
    {
      id: 'every-code-point',
      sentence: 'every code point is data: a leading U+FEFF stays, and U+0000, U+FFFD and U+FFFF pass',
      read: 'framing',
      hints: [
        'Read what TextDecoder does with the first three bytes when they are ef bb bf.',
        'Its option ignoreBOM sounds like the opposite of what it does: with true, U+FEFF stays in the text.',
      ],
    },
    {
      id: 'chunk-views',
      sentence: 'a chunk that is a view into a larger buffer is read within its bounds',
      read: 'framing',
      hints: [
        'A Uint8Array has a buffer, a byteOffset and a length. Which of them do you use?',
        'Give all three to the DataView, or read the bytes through the Uint8Array itself.',
      ],
    },
    {
      id: 'reused-chunk',
      sentence: 'a chunk is the caller’s again when push returns: both may do with theirs as they like',
      read: 'framing',
      hints: [
        'Many servers read every chunk into the same buffer.',
        'subarray makes a view and slice makes a copy. Whatever you keep beyond the call must be a copy.',
      ],
    },
    {
      id: 'too-large',
      sentence: 'a length above the limit is refused with the fourth byte of its header, before anything is allocated',
      read: 'framing',
      hints: [
        'What does your decoder do between reading the length and having the payload?',
        'Look at your length when the first byte is 0x80 or more: shifts in JavaScript work on signed numbers of 32 bits.',
        'Compare first, then allocate; the limit itself is still allowed.',
      ],
    },
    {
      id: 'limit-option',
      sentence: 'a limit that is no whole number in its range is a RangeError at once',
      read: 'framing',
      hints: [
        'What is length > NaN?',
        'Number(process.env.MAX) is NaN when the variable is not set. Check the option once, where it comes in.',
      ],
    },
    {
      id: 'invalid-utf8',
      sentence: 'bytes that are not UTF-8 are an error, also when only the frame’s end cuts a character',
      read: 'framing',
      hints: [
        'By default a TextDecoder never fails. Which option changes that?',
        'With fatal: true it throws a TypeError; turn that into your error value.',
        'Decode each payload by itself, without stream: true, so that a frame cannot lend bytes to the next one.',
      ],
    },
    {
      id: 'error-position',
      sentence: 'what came before an error is delivered with it, and the error says where its frame begins',
      read: 'framing',
      hints: [
        'The messages before the bad frame were sent, received and valid. Where are they now?',
        'Keep one number for the whole life of the decoder: where the frame under way begins. Move it on when a frame is done.',
      ],
    },
    {
      id: 'closed',
      sentence: 'after an error, and after the end, the decoder takes nothing more',
      read: 'framing',
      hints: [
        'After a bad frame, which byte is the first of the next one?',
        'Add a state that nothing leads out of, and look for it at the start of push and of end.',
      ],
    },
    {
      id: 'truncated',
      sentence: 'an end inside a frame is an error, and an end between frames is not',
      read: 'framing',
      hints: [
        'A connection can be lost after half a message. Who notices?',
        'In end, look at bufferedBytes: anything but 0 means that a frame is under way, and three bytes of a header count.',
      ],
    },
    {
      id: 'bounded-memory',
      sentence: 'the decoder keeps the bytes of one frame and no more',
      read: 'framing',
      hints: [
        'When a frame is done with, what still refers to its bytes?',
        'A buffer that is emptied only when a chunk ends together with a frame is perhaps never emptied.',
        'One object for each chunk costs about a hundred bytes; a slow sender makes that a hundred bytes for one. Copy into one buffer.',
      ],
    },
    {
      id: 'promised-length',
      sentence: 'memory follows the bytes that have arrived, not the length that a header promises',
      read: 'framing',
      hints: [
        'A thousand connections send a header that promises as much as the limit allows, and then nothing. What do they cost you?',
        'Begin with a small buffer, and let it grow as bytes arrive.',
      ],
    },
    {
      id: 'linear-cost',
      sentence: 'a frame costs in proportion to its bytes, in whatever pieces it arrives',
      read: 'framing',
      hints: [
        'How often is the first byte of a frame copied when the frame comes in a thousand chunks?',
        'Joining old and new bytes at every push copies the old ones every time. So does cutting the rest off after every message.',
        'Double the buffer when it is full: then every byte is copied about twice in all. Walk through a chunk with an index.',
      ],
    },
    {
      id: 'independent',
      sentence: 'decoders share nothing: each has its own stream, its own error and its own end',
      read: 'one-loop-many-connections',
      hints: [
        'A server has a decoder for each connection, all from one module.',
        'Whatever changes belongs to what createDecoder returns, and nothing at the top of the file may change.',
      ],
    },
    {
      id: 'encode-limit',
      sentence: 'a text is too large when its bytes, not its characters, are above the limit',
      read: 'framing',
      hints: ['What does text.length count?', 'Encode first, then compare the length of the bytes.'],
    },
    {
      id: 'ill-formed-text',
      sentence: 'a text with a lone surrogate is refused, and not sent as another text',
      read: 'framing',
      hints: [
        'A string in JavaScript may hold half of an emoji. UTF-8 cannot.',
        'Strings can say whether they are well formed since ES2024. For the index, a regular expression with the u flag sees only lone surrogates as \\p{Surrogate}.',
      ],
    },
    {
      id: 'round-trip',
      sentence: 'what is encoded and then decoded is the same text, whatever the text',
      read: 'framing',
      hints: [
        'The failure shows the smallest text that it found, in escapes: compare the two character by character.',
        'A frame carries a text, and has no opinion about it: no normalizing, no trimming.',
      ],
    },
    {
      id: 'portable',
      sentence: 'nothing is used that only Node has: the module runs in a browser too',
      read: 'framing',
      passesInStarter: 'the starter uses what browsers and Node share',
      hints: [
        'The failure names what was missing.',
        'TextEncoder for Buffer.from, a DataView for readUInt32BE, new Uint8Array and set for Buffer.concat.',
      ],
    },
  ],
};
