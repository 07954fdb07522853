import { execFileSync, spawnSync } from 'node:child_process';

/** Whom a server runs as when we are root: servers have no business with root's rights, and PostgreSQL refuses them. */
export interface RunUser {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

/** Nobody owns nothing on the machine, so it comes before an account that a system's own server may run under. */
const CANDIDATES = ['nobody', 'postgres'];
const PROBE_TIMEOUT_MS = 2_000;

let chosen: RunUser | undefined;

/**
 * The user for our servers. Undefined: we are no root, and they run as we do.
 *
 * @throws Error when we are root and there is nobody else.
 */
export function runUser(): RunUser | undefined {
  if (process.getuid?.() !== 0) return undefined;
  if (chosen) return chosen;
  for (const name of CANDIDATES) {
    const uid = idOf('-u', name);
    const gid = idOf('-g', name);
    if (uid === undefined || gid === undefined || uid === 0) continue;
    chosen = { name, uid, gid };
    return chosen;
  }
  throw new Error(`this runs as root, and there is no user ${CANDIDATES.join(' or ')} to run a server as`);
}

/** Whether the user can enter a folder, or run a file, by its whole path. */
export function canReach(path: string, user: RunUser | undefined): boolean {
  if (!user) return true;
  const options = { uid: user.uid, gid: user.gid, cwd: '/', timeout: PROBE_TIMEOUT_MS };
  return spawnSync('/bin/sh', ['-c', 'test -x "$1"', 'sh', path], options).status === 0;
}

function idOf(flag: string, name: string): number | undefined {
  try {
    const text = execFileSync('id', [flag, name], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    return Number(text);
  } catch {
    return undefined;
  }
}
