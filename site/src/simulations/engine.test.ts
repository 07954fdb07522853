import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, test } from 'vitest';
import { createRandom } from '../../../checkpoints/harness/random.ts';
import { mended, readAddress, seedParameter, writeAddress } from './parameters.ts';
import { Run } from './run.ts';
import { elementOf, type Mark } from './scene.ts';
import { stillFile } from './scene-markup.ts';
import { defineSimulation, type Simulation } from './simulation.ts';
import { stillOf } from './still.ts';

/** A drum that is beaten at random moments, and when the reader says so. */
const drum = defineSimulation({
  name: 'drum',
  title: 'A drum',
  caption: 'Beats.',
  parameters: {
    every: { kind: 'number', label: 'A beat every', unit: 'ms', min: 10, max: 1_000, step: 10, value: 100 },
    skin: {
      kind: 'choice',
      label: 'Skin',
      options: [
        { value: 'goat', label: 'goat' },
        { value: 'calf', label: 'calf' },
      ],
      value: 'goat',
    },
    name: { kind: 'text', label: 'Name', maxLength: 5, value: 'Otto' },
  },
  constants: [],
  durationMs: 1_000,
  speeds: [1],
  speed: 1,
  seed: 4,
  stillAtMs: 500,
  height: 100,
  model: ({ settings, seed, clock, note }) => {
    clock.advance(40); // A prelude: the run begins after it.
    const random = createRandom(seed);
    const beats: string[] = [];
    const beat = (): void => {
      beats.push('beat');
      note(`beat ${beats.length}`);
      clock.after(settings.every * random.next(), beat);
    };
    clock.after(settings.every, beat);
    return beats;
  },
  draw: (beats) => beats.map((_, i) => ({ kind: 'square', key: String(i), x: i, y: 0, size: 10, look: 'given' })),
  readings: (beats) => ({ columns: ['beats'], rows: [[String(beats.length)]] }),
  describe: (beats, nowMs) => `${beats.join(' ')} by ${nowMs} ms`,
  act: (beats, id) => void beats.push(id),
});

const settings = { every: 100, skin: 'goat', name: 'Otto' };
const notesOf = (run: Run) => run.notes.map(({ atMs, text }) => `${atMs.toFixed(6)} ${text}`);

describe('a run', () => {
  test('has the same notes for the same seed, however it is cut into frames, and others for another seed', () => {
    const whole = new Run(drum, settings, 4);
    whole.seek(1_000);
    const inFrames = new Run(drum, settings, 4);
    for (let at = 0; at < 1_000; at += 16.7) inFrames.seek(at);
    inFrames.seek(1_000);
    expect(whole.notes.length).toBeGreaterThan(10);
    expect(notesOf(inFrames)).toEqual(notesOf(whole));
    expect(inFrames.describe()).toBe(whole.describe());
    const other = new Run(drum, settings, 5);
    other.seek(1_000);
    expect(notesOf(other)).not.toEqual(notesOf(whole));
  });

  test('begins at 0 where the model leaves its prelude, and ends at its duration', () => {
    const run = new Run(drum, settings, 4);
    expect(run.nowMs).toBe(0);
    run.seek(100);
    expect(notesOf(run)).toEqual(['100.000000 beat 1']);
    run.seek(5_000);
    expect(run.nowMs).toBe(1_000);
    expect(run.ended).toBe(true);
  });

  test('steps to the next note and back to the one before', () => {
    const run = new Run(drum, settings, 4);
    expect(run.step().map(({ text }) => text)).toEqual(['beat 1']);
    const first = run.nowMs;
    run.step();
    run.step();
    run.stepBack();
    run.stepBack();
    expect(run.nowMs).toBe(first);
    run.stepBack();
    expect(run.nowMs).toBe(0);
  });

  test('does again what the reader did when it goes back and forth, until something else is done before it', () => {
    const run = new Run(drum, settings, 4);
    run.seek(50);
    run.act('by hand');
    run.seek(120);
    const after = run.describe();
    run.seek(20);
    expect(run.describe()).toBe(' by 20 ms');
    run.seek(120);
    expect(run.describe()).toBe(after);
    run.seek(20);
    run.act('sooner');
    run.seek(120);
    expect(run.describe()).toMatch(/^sooner beat/);
  });
});

describe('the address', () => {
  const parsed = (text: string) => readAddress(drum, new URLSearchParams(text));

  test('carries every parameter and the seed there and back, beside what belongs to others', () => {
    const start = { settings: { every: 250, skin: 'calf', name: 'Å & é' }, seed: 99 };
    const address = writeAddress(drum, start, new URLSearchParams('loss.seed=1&q=x'));
    expect(parsed(address)).toEqual({ ...start, mends: [] });
    expect(new URLSearchParams(address).get('loss.seed')).toBe('1');
    expect(new URLSearchParams(address).get('q')).toBe('x');
  });

  test('without anything gives the defaults', () => {
    expect(parsed('')).toEqual({ settings, seed: 4, mends: [] });
  });

  test.each([
    ['drum.every=', 100, 'A beat every: ‘’ is no number; 100 ms is used.'],
    ['drum.every=soon', 100, 'A beat every: ‘soon’ is no number; 100 ms is used.'],
    ['drum.every=-5', 10, 'A beat every: ‘-5’ is below 10 ms; 10 ms is used.'],
    ['drum.every=Infinity', 1_000, 'A beat every: ‘Infinity’ is above 1,000 ms; 1,000 ms is used.'],
    ['drum.every=14', 10, 'A beat every: ‘14’ lies between the steps of 10 ms; 10 ms is used.'],
  ])('%s is mended, and a sentence says how', (address, every, mend) => {
    const { settings: mendedSettings, mends } = parsed(address);
    expect(mendedSettings.every).toBe(every);
    expect(mends).toEqual([mend]);
  });

  test('choices, texts and names that are not known are mended too', () => {
    expect(parsed('drum.skin=cat').mends).toEqual(['Skin: ‘cat’ is no choice here; goat is used.']);
    expect(parsed('drum.name=a b c d').settings.name).toBe('a b c');
    expect(parsed('drum.sticks=2').mends).toEqual(['There is no parameter ‘sticks’; it is left out.']);
    expect(parsed('drum.__proto__=2').mends).toHaveLength(1);
    expect(parsed(`drum.skin=${'x'.repeat(500)}`).mends[0]?.length).toBeLessThan(90);
    expect(mended(seedParameter(1), '1.5').value).toBe(2);
  });
});

describe('a still', () => {
  test('is the same at every build, and what is written in it is escaped', () => {
    const mark: Mark = { kind: 'text', key: 'a', x: 1.26, y: 2, text: '<b> & "c"', look: 'label' };
    const file = stillFile([mark, { kind: 'group', key: 'g', x: 5, y: 5, marks: [mark] }], {
      width: 100,
      height: 50,
      made: 'loss: 5 %',
    });
    expect(file).toBe(
      stillFile([mark, { kind: 'group', key: 'g', x: 5, y: 5, marks: [mark] }], {
        width: 100,
        height: 50,
        made: 'loss: 5 %',
      }),
    );
    expect(file).toContain('&lt;b> &amp; &quot;c&quot;');
    expect(file).toContain('<g id="still">');
    expect(file.match(/translate\(1\.3 2\)/g)).toHaveLength(2);
  });

  test('keeps nothing that asks to be touched', () => {
    const mark: Mark = { kind: 'square', key: 'a', x: 0, y: 0, size: 9, look: 'given', text: '7', touch: 'lose 7' };
    expect(elementOf(mark).attributes['data-touch']).toBe('lose 7');
    expect(stillFile([mark], { width: 10, height: 10, made: '' })).not.toContain('lose');
  });
});

test('the example of CONTRIBUTING.md is whole and works', async () => {
  const text = await readFile(new URL('../../../CONTRIBUTING.md', import.meta.url), 'utf8');
  const [, example = ''] = /```ts\n([\s\S]*?defineSimulation[\s\S]*?)```/.exec(text) ?? [];
  const folder = await mkdtemp(join(tmpdir(), 'simulation-'));
  try {
    const file = join(folder, 'coin.ts');
    // Its imports are those of a file beside this one.
    const here = (specifier: string): string => new URL(specifier, import.meta.url).href;
    await writeFile(
      file,
      example.replaceAll(/from '(\.[^']+)'/g, (_, specifier: string) => `from '${here(specifier)}'`),
    );
    const { simulation } = (await import(/* @vite-ignore */ pathToFileURL(file).href)) as { simulation: Simulation };
    expect(stillOf(simulation).description).toMatch(/^After 4000 ms, \d+ of 40 throws are heads\.$/);
  } finally {
    await rm(folder, { recursive: true });
  }
});
