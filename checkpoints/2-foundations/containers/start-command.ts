import { existsSync } from 'node:fs';
import { basename, delimiter, dirname, join } from 'node:path';
import type { CheckpointContext, InjectedTarget } from '../../harness/checkpoint.ts';
import { check, fail } from '../../harness/failure.ts';
import { expectExit } from '../../harness/program-end.ts';
import { startBoardOr } from './board.ts';
import { ask, described } from './board-client.ts';
import { type Command, settingsOf, startCommand } from './dockerfile.ts';
import { folderOf, shippedStage } from './project.ts';

/** Programs that start another one and pass signals on: made for process 1. */
const INITS = ['tini', 'tini-static', 'dumb-init', 'catatonit', 'docker-init'];

/**
 * A command of the image as it is started here: `node` is the Node that runs the checkpoints, and what lies below
 * WORKDIR in the image lies in the folder under test.
 */
export function commandHere(words: readonly string[], workdir: string, folder: string): string[] {
  let rest = [...words];
  if (basename(rest[0] ?? '') === 'docker-entrypoint.sh') rest = rest.slice(1);
  if (INITS.includes(basename(rest[0] ?? ''))) {
    const end = rest.indexOf('--');
    rest = end >= 0 ? rest.slice(end + 1) : rest.slice(rest.findIndex((word, i) => i > 0 && !word.startsWith('-')));
  }
  return rest.map((word, i) => {
    if (i === 0 && ['node', 'nodejs'].includes(basename(word))) return process.execPath;
    if (i > 0 && word.startsWith(`${workdir}/`)) return join(folder, word.slice(workdir.length + 1));
    return word;
  });
}

/** The start command and the server's answer to a SIGTERM that it alone gets, as process 1 does. */
export async function startsAsProcessOne(context: CheckpointContext): Promise<void> {
  const settings = settingsOf(shippedStage(context));
  const command = startCommand(settings);
  if (!command) {
    fail({
      expected: 'ENTRYPOINT or CMD with the server',
      received: 'neither: the base image decides',
      usually: 'both belong to an earlier stage, which is not the one that is shipped',
    });
  }
  check(command.form === 'exec', {
    expected: 'a list, such as ENTRYPOINT ["node", "server.ts"]',
    received: `a text in line ${command.line}: ${command.words[0]}`,
    usually: 'a text is run by /bin/sh -c. The shell is process 1 then, and passes no signal on',
  });
  const folder = folderOf(context);
  const here = commandHere(command.words, settings.workdir, folder);
  const shown = JSON.stringify(command.words);
  checkRunnable(here, shown, folder);
  // A shell in between finds the Node that runs the checkpoints, as it would find the image's own.
  const env = { PATH: `${dirname(process.execPath)}${delimiter}${process.env.PATH ?? ''}` };
  const target: InjectedTarget = { kind: 'program', name: 'image', command: here, cwd: folder, env };
  const sent = `the start command ${shown}, then SIGTERM to that process alone`;
  const usually =
    'something stands between the engine and the server, such as a shell or npm, and passes no signal on; or the server does not handle it';
  await using board = await startBoardOr(
    { target },
    { sent, expected: 'the line READY <port> from the start command', usually },
  );
  const { program } = board;
  const live = await ask(program, { path: '/livez' });
  check(live.status !== undefined, { sent, expected: 'a server that answers', received: described(live), usually });
  // To the process and not to its group: an engine signals process 1 and nobody else.
  process.kill(program.pid, 'SIGTERM');
  await expectExit(program, { sent, expected: 'exit code 0 within 3 s', usually });
}

function checkRunnable(words: readonly string[], shown: string, folder: string): void {
  const script = words.slice(1).find((word) => /\.(m|c)?[jt]s$/.test(word));
  check(script === undefined || existsSync(join(script.startsWith('/') ? '/' : folder, script)), {
    expected: 'a start command whose script is a file of this folder',
    received: `${shown}, and no such file`,
    usually: 'the name is misspelt, or WORKDIR is another folder than the one that the files are copied to',
  });
}

/** For the details of a failure. */
export function shownCommand({ words }: Command): string {
  return JSON.stringify(words);
}
