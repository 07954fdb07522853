import { describe, expect, test } from 'vitest';
import { createDecoder } from '../../../labs/1-networking/framing/solution/framing.ts';
import { simulation as backpressure } from './backpressure.ts';
import { cutsOf, simulation as framing, framingWith, messagesOf, streamOf } from './framing.ts';
import { simulation as loss } from './loss.ts';
import { simulation as outbox } from './outbox.ts';
import { defaults, type Settings } from './parameters.ts';
import { SIMULATIONS } from './registry.ts';
import { Run } from './run.ts';
import type { Mark } from './scene.ts';
import type { Simulation } from './simulation.ts';
import { simulation as stampede } from './stampede.ts';
import { stillOf } from './still.ts';

function runOf(simulation: Simulation, changes: Settings = {}, seed = simulation.seed): Run {
  const run = new Run(simulation, { ...defaults(simulation.parameters), ...changes }, seed);
  run.seek(simulation.durationMs);
  return run;
}

/** The figures under the drawing, by row and column. */
function figures(run: Run): Record<string, number>[] {
  const { columns, rows } = run.readings();
  return rows.map((row) => Object.fromEntries(row.map((text, i) => [columns[i] ?? '', Number.parseFloat(text)])));
}

const traceOf = (run: Run): string => run.notes.map(({ atMs, text }) => `${atMs} ${text}`).join('\n');

describe.each(Object.entries(SIMULATIONS))('%s', (name, load) => {
  test('is called by its name, and its still is the same at every build', async () => {
    const { simulation } = await load();
    expect(simulation.name).toBe(name);
    expect(stillOf(simulation)).toEqual(stillOf(simulation));
    expect(simulation.speeds).toContain(simulation.speed);
  });

  test('gives the same trace for the same seed, and another one for another', async () => {
    const { simulation } = await load();
    const trace = traceOf(runOf(simulation, {}, 11));
    expect(trace.length).toBeGreaterThan(0);
    expect(traceOf(runOf(simulation, {}, 11))).toBe(trace);
    expect(traceOf(runOf(simulation, {}, 12))).not.toBe(trace);
  });

  test('draws at every moment and width with a key for each mark and a number for each place', async () => {
    const { simulation } = await load();
    const run = new Run(simulation, defaults(simulation.parameters), simulation.seed);
    for (let at = 0; at <= simulation.durationMs; at += 333) {
      run.seek(at);
      for (const width of [320, 608, 896]) check(run.draw(width), `${at} ms, ${width} px`);
      expect(run.describe()).not.toMatch(/NaN|undefined|Infinity/);
      const { columns, rows } = run.readings();
      for (const row of rows) expect(row).toHaveLength(columns.length);
      expect(rows.flat().join(' ')).not.toMatch(/NaN|undefined/);
    }
  });

  test('drawing changes nothing', async () => {
    const { simulation } = await load();
    const run = new Run(simulation, defaults(simulation.parameters), simulation.seed);
    run.seek(simulation.stillAtMs);
    const first = JSON.stringify(run.draw(608));
    run.readings();
    run.describe();
    expect(JSON.stringify(run.draw(608))).toBe(first);
  });
});

function check(marks: readonly Mark[], where: string): void {
  const keys = marks.map(({ kind, key }) => `${kind} ${key}`);
  expect(keys, where).toEqual([...new Set(keys)]);
  for (const mark of marks) {
    expect(Number.isFinite(mark.x) && Number.isFinite(mark.y), `${where}: ${mark.key}`).toBe(true);
    if (mark.kind === 'path') expect(mark.d, `${where}: ${mark.key}`).not.toMatch(/NaN|undefined/);
    if (mark.kind === 'group') check(mark.marks, where);
  }
}

describe('loss', () => {
  test('without loss, TCP and UDP differ by the twelve bytes that their headers differ by', () => {
    const run = runOf(loss, { loss: 0, delay: 50, bandwidth: 512, size: 64 });
    const [tcp, udp] = figures(run);
    // 64 + 40 and 64 + 28 bytes at 512 kbit/s are 1.6 and 1.4 ms; the column is rounded to whole milliseconds.
    expect([tcp?.p50, tcp?.p99]).toEqual([52, 52]);
    expect([udp?.p50, udp?.p99]).toEqual([51, 51]);
    expect([tcp?.['sent again'], tcp?.lost, udp?.lost]).toEqual([0, 0, 0]);
  });

  test('no message and no packet is made or goes missing: what was sent has arrived, is lost or is under way', () => {
    for (const seed of [1, 2, 3, 4, 5]) {
      const [tcp, udp] = figures(runOf(loss, { loss: 10 }, seed));
      const sent = 600;
      const underWay = 3; // 50 ms at 60 a second
      expect(udp?.packets).toBe(sent);
      expect(sent - (udp?.['handed over'] ?? 0) - (udp?.lost ?? 0)).toBeGreaterThanOrEqual(0);
      expect(sent - (udp?.['handed over'] ?? 0) - (udp?.lost ?? 0)).toBeLessThanOrEqual(underWay + 1);
      expect(tcp?.packets).toBe(sent + (tcp?.['sent again'] ?? 0));
      expect(tcp?.['sent again']).toBeGreaterThanOrEqual((tcp?.lost ?? 0) - underWay);
    }
  });

  test('what TCP hands over is in order, and nothing overtakes a message that is missing', () => {
    const order = runOf(loss, { loss: 15 }).notes.flatMap(({ text }) => /^TCP hands over (\d+)$/.exec(text)?.[1] ?? []);
    expect(order.length).toBeGreaterThan(100);
    expect(order.map(Number)).toEqual(order.map(Number).toSorted((a, b) => a - b));
  });

  test('the same packets are lost on both until TCP first sends again', () => {
    const notes = runOf(loss, { loss: 5 }).notes;
    const first = (lane: string) => notes.find(({ text }) => text.startsWith(`${lane}: `) && text.endsWith('is lost'));
    expect(first('TCP')?.text.slice(5)).toBe(first('UDP')?.text.slice(5));
  });

  test('loss makes TCP’s tail longer and leaves UDP’s where it was', () => {
    const [tcp, udp] = figures(runOf(loss, { loss: 5 }));
    expect(tcp?.p99).toBeGreaterThan(150);
    expect(udp?.p99).toBe(51);
  });

  test('three duplicate acknowledgements find a loss later than time does when messages are few', () => {
    const few = { loss: 5, rate: 20 };
    const [byTime] = figures(runOf(loss, { ...few, recovery: 'rack' }));
    const [byDuplicates] = figures(runOf(loss, { ...few, recovery: 'duplicate-acks' }));
    expect(byDuplicates?.p99).toBeGreaterThan(byTime?.p99 ?? Number.POSITIVE_INFINITY);
  });

  test('the reader loses a packet on both wires: TCP sends it again, UDP never does', () => {
    const run = new Run(loss, { ...defaults(loss.parameters), loss: 0 }, 1);
    run.seek(1_005);
    run.act('lose newest');
    expect(run.notes.slice(-2).map(({ text }) => text)).toEqual(['UDP: you lose 61', 'TCP: you lose 61']);
    run.seek(2_000);
    expect(run.notes.some(({ text }) => text.startsWith('TCP sends 61 again'))).toBe(true);
    expect(run.notes.some(({ text }) => text === 'UDP hands over 61')).toBe(false);
    run.seek(500);
    run.seek(2_000);
    expect(run.notes.some(({ text }) => text === 'TCP: you lose 61')).toBe(true);
  });

  test('a link that is too slow for the messages fills its queue, and then loses', () => {
    const run = runOf(loss, { loss: 0, bandwidth: 32, queue: 2 });
    expect(run.notes.some(({ text }) => text.endsWith('finds the queue full'))).toBe(true);
  });
});

describe('backpressure', () => {
  const MESSAGE_KIB = 1;

  test.each(['pause', 'drop', 'disconnect'])(
    '%s: memory stays within the bound, and one message more at most',
    (policy) => {
      for (const seed of [1, 2, 3]) {
        const [free, held] = figures(runOf(backpressure, { policy, bound: 32, writer: 150, reader: 10 }, seed));
        expect(held?.['at most']).toBeLessThanOrEqual(32 + MESSAGE_KIB);
        expect(free?.['at most']).toBeGreaterThan(500);
      }
    },
  );

  test('every message is somewhere: both writers have had the same to say', () => {
    for (const policy of ['pause', 'drop', 'disconnect']) {
      const run = new Run(backpressure, { ...defaults(backpressure.parameters), policy }, 5);
      for (const at of [500, 2_000, 4_000, 10_000]) {
        run.seek(at);
        const [free, held] = figures(run);
        const buffers = 16 + 16;
        for (const lane of [free, held]) {
          const inside = (lane?.written ?? 0) - (lane?.read ?? 0) - (lane?.['in memory'] ?? 0);
          const gone = lane === held && policy === 'disconnect' ? (lane?.lost ?? 0) : 0;
          expect(inside - gone, `${policy} at ${at} ms`).toBeGreaterThanOrEqual(0);
          expect(
            inside - gone,
            `${policy} at ${at} ms: kernels and link hold no more than their room`,
          ).toBeLessThanOrEqual(buffers);
        }
        if (policy === 'disconnect') continue;
        const said = (held?.written ?? 0) + (held?.['not yet written'] ?? 0) + (held?.lost ?? 0);
        expect(said, `${policy} at ${at} ms`).toBe(free?.written);
      }
    }
  });

  test('who pays depends on the rule: the writer, the message or the reader', () => {
    const lost = (policy: string) => figures(runOf(backpressure, { policy }))[1];
    expect(lost('pause')).toMatchObject({ lost: 0 });
    expect(lost('pause')?.['not yet written']).toBeGreaterThan(0);
    expect(lost('drop')).toMatchObject({ 'not yet written': 0 });
    expect(lost('drop')?.lost).toBeGreaterThan(0);
    expect(lost('disconnect')).toMatchObject({ 'in memory': 0 });
  });

  test('a reader that keeps up meets no bound', () => {
    const run = runOf(backpressure, { writer: 40, reader: 150, policy: 'disconnect' });
    expect(run.notes.filter(({ text }) => text.startsWith('With a bound'))).toEqual([]);
  });
});

describe('framing', () => {
  const MESSAGES = 'Hail! | Two ales, please | | Grüße, 5 €';

  test.each([1, 2, 3, 7, 32])('chunks of at most %i bytes: the decoder hands over what was sent', (chunk) => {
    for (const seed of [1, 2, 3]) {
      const [row] = figures(runOf(framing, { messages: MESSAGES, chunk }, seed));
      expect(row?.messages).toBe(4);
      expect(row?.['bytes held']).toBe(0);
    }
  });

  test('the messages are those that were sent, whatever is cut', () => {
    const texts = messagesOf(MESSAGES);
    expect(texts).toEqual(['Hail!', 'Two ales, please', '', 'Grüße, 5 €']);
    const bytes = Uint8Array.from(streamOf(texts, 'none'), ({ value }) => value);
    for (const seed of [1, 2, 3, 4]) {
      const decoder = createDecoder();
      const out: string[] = [];
      let at = 0;
      for (const size of cutsOf(bytes.length, 5, seed)) {
        out.push(...decoder.push(bytes.subarray(at, at + size)).messages);
        at += size;
      }
      expect(at).toBe(bytes.length);
      expect(out).toEqual(texts);
    }
  });

  test.each([
    ['length', 'frame-too-large'],
    ['utf8', 'invalid-utf8'],
    ['cut', 'truncated'],
  ])('a sender with the fault %s is met with %s', (fault, code) => {
    const run = runOf(framing, { fault });
    expect(run.describe()).toContain(code);
    expect(figures(run)[0]?.['bytes held']).toBe(0);
  });

  test('a message above the limit is refused before its text has arrived', () => {
    const run = runOf(framing, { messages: 'x'.repeat(80), limit: 64, chunk: 4 });
    expect(run.notes.find(({ text }) => text.includes('frame-too-large'))?.atMs).toBeLessThan(2_000);
  });

  test('runs any decoder of the lab’s contract, and outlives one that throws', () => {
    const swallows = framingWith(
      {
        createDecoder: () => ({
          push: () => ({ ok: true, messages: [] }),
          end: () => ({ ok: true, messages: [] }),
          bufferedBytes: 0,
        }),
      },
      'yours',
    );
    expect(runOf(swallows).readings().rows[0]?.[0]).toBe('yours');
    expect(figures(runOf(swallows))[0]?.messages).toBe(0);
    const push = (): never => {
      throw new Error('not yet');
    };
    const throws = framingWith({ createDecoder: () => ({ push, end: push, bufferedBytes: 0 }) }, 'yours');
    expect(runOf(throws).describe()).toContain('it throws: not yet');
  });
});

describe('stampede', () => {
  test('without a policy as many loads as readers who wait; with single flight one a process', () => {
    for (const seed of [1, 2, 3]) {
      const [nothing, flight, early] = figures(runOf(stampede, { processes: 4, readers: 300 }, seed));
      // Those who wait at the end have not been answered yet.
      expect(nothing?.loads).toBeGreaterThanOrEqual(nothing?.waited ?? 0);
      expect(nothing?.['at once']).toBeGreaterThan(20);
      expect(flight?.['at once']).toBeLessThanOrEqual(4);
      expect(early?.['at once']).toBeLessThanOrEqual(4);
      expect(flight?.waited).toBeGreaterThan(flight?.loads ?? 0);
    }
  });

  test('XFetch with β 0 is single flight alone, and with a larger β fewer readers wait', () => {
    const [, flight, none] = figures(runOf(stampede, { beta: 0 }));
    expect({ ...none, 'against a stampede': 0 }).toEqual({ ...flight, 'against a stampede': 0 });
    const [, , eager] = figures(runOf(stampede, { beta: 2 }));
    expect(eager?.early).toBeGreaterThan(0);
    expect(eager?.waited).toBeLessThan((flight?.waited ?? 0) / 2);
  });

  test('the same readers come to each row', () => {
    const rows = figures(runOf(stampede, { load: 20, pool: 50 }));
    const counts = rows.map((row) => row.readers ?? 0);
    // All but those who wait in the last moment.
    expect(Math.max(...counts) - Math.min(...counts)).toBeLessThan(30);
  });
});

describe('outbox', () => {
  test('each way has its own fault, and outbox and inbox together have none', () => {
    const sums = new Map<string, number>();
    for (let seed = 1; seed <= 20; seed++) {
      for (const [row, found] of figures(runOf(outbox, { crashes: 500 }, seed)).entries()) {
        for (const fault of ['lost', 'ghosts', 'twice']) {
          const key = `${['before', 'after', 'outbox', 'both'][row]} ${fault}`;
          sums.set(key, (sums.get(key) ?? 0) + (found[fault] ?? Number.NaN));
        }
      }
    }
    const never = [...sums].filter(([, sum]) => sum === 0).map(([key]) => key);
    expect(never).toEqual([
      'before lost',
      'after ghosts',
      'outbox lost',
      'outbox ghosts',
      'both lost',
      'both ghosts',
      'both twice',
    ]);
  });
});
