import { expect, test } from 'vitest';
import { flagsKeptByNpm, readArguments } from './arguments.ts';
import { commands } from './commands.ts';

const commandNamed = (name: string) => commands.find((command) => command.name === name) ?? expect.fail(name);

test('flags and positionals in any order', () => {
  expect(readArguments(commandNamed('test'), ['--all', 'echo', '--run', 'go run .', 'half-close'])).toEqual({
    positionals: ['echo', 'half-close'],
    flags: { all: true, run: 'go run .' },
  });
});

test.each([
  ['list', ['--jsn'], '"list" has no flag --jsn. Did you mean --json?'],
  ['list', ['--colour'], '"list" has no flag --colour.'],
  ['test', ['echo', '--run'], '--run is not written as "test" needs it.'],
  ['test', ['echo', '--all=yes'], '--all is not written as "test" needs it.'],
  ['test', ['echo', '--run', ' '], '--run is empty.'],
  ['start', ['echo', 'chat'], '"start" does not know what to do with "chat".'],
])('%s %j is refused', (name, argv, message) => {
  expect(() => readArguments(commandNamed(name), argv)).toThrow(message);
});

test('flags that npm took for itself are noticed', () => {
  const lab = { npm_lifecycle_event: 'lab' };
  const command = commandNamed('test');
  expect(flagsKeptByNpm(command, { ...lab, npm_config_run: 'true' })).toEqual(['--run']);
  expect(flagsKeptByNpm(command, { ...lab, npm_config_target: 'solution' })).toEqual(['--target']);
  expect(flagsKeptByNpm(command, { ...lab, npm_config_target: '20.1.0' })).toEqual([]);
  expect(flagsKeptByNpm(command, { npm_config_run: 'true' })).toEqual([]);
});

test('every command has a summary, and a meaning for each of its flags', () => {
  for (const command of commands) {
    expect(command.summary).not.toBe('');
    const described = command.flagMeanings.map(([written]) => written.replace(/^--(\S+).*$/, '$1'));
    expect(described.sort()).toEqual(Object.keys(command.flags).sort());
  }
});
