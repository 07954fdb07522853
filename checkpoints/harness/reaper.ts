import { type ChildProcess, spawn } from 'node:child_process';

/**
 * Sees to it that no program outlives the run that started it, however that run ends.
 *
 * Programs are started as leaders of their own process groups, so that one signal reaches what they start in turn
 * (`go run`, `dotnet run`). A signal from the terminal therefore does not reach them. A shell in a session of its own
 * reads `+<group>` and `-<group>` lines from a pipe whose other end only we hold; when we are gone, whether by
 * Ctrl-C, by a crash or by SIGKILL, the pipe ends and it kills the groups that are left.
 */
const REAPER_SCRIPT = `
trap '' INT TERM HUP
groups=' '
while read -r line; do
  group=\${line#?}
  case $line in
    +*) groups="$groups$group " ;;
    -*) groups="\${groups%% $group *} \${groups#* $group }" ;;
  esac
done
for group in $groups; do kill -s KILL -- "-$group" 2>/dev/null; done
`;

let reaper: ChildProcess | undefined;

function tell(line: string): void {
  if (process.platform === 'win32') return;
  if (!reaper) {
    reaper = spawn('/bin/sh', ['-c', REAPER_SCRIPT], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
    reaper.unref();
    (reaper.stdin as unknown as { unref(): void }).unref();
    reaper.stdin?.on('error', () => {
      // The reaper was killed: nothing is left to tell, and the run goes on.
    });
    reaper.on('error', () => {
      // No /bin/sh on this machine: the run goes on without the guard.
    });
  }
  reaper.stdin?.write(`${line}\n`);
}

/** Hands a process group over: it is killed if we go first. */
export function watchGroup(group: number): void {
  tell(`+${group}`);
}

/** Takes a process group back: it has ended, and its number may soon belong to somebody else. */
export function releaseGroup(group: number): void {
  tell(`-${group}`);
}
