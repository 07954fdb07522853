import { checkpoint } from '../harness/checkpoint.ts';
import { tellsLiveFromDead } from './containers/health-check.ts';
import { keepsDependenciesCached, keepsFilesOut, keepsSecretsOut, runsAsANumber } from './containers/image-layers.ts';
import { runsInAContainer } from './containers/image-run.ts';
import { installsWhatTheLockSays, pinsItsBases, shipsAStageThatInstallsNothing } from './containers/image-sources.ts';
import {
  drainsInOrder,
  logsObjectsWithoutSecrets,
  outlivesItsDatabase,
  stopsInTime,
  writesNoFile,
} from './containers/life.ts';
import {
  boundsTheContainers,
  keepsDataInAVolume,
  locksTheContainerDown,
  publishesLittle,
  startsInOrder,
  takesSecretsFromTheEnvironment,
} from './containers/stack-checks.ts';
import { keepsDataAcrossDownAndUp } from './containers/stack-run.ts';
import { refusesBadSettings, startsBeforeItsDatabase } from './containers/start.ts';
import { startsAsProcessOne } from './containers/start-command.ts';

checkpoint('pinned-bases', 'every image comes by an exact version or digest, and a base by an argument', pinsItsBases);
checkpoint(
  'two-stages',
  'the stage that is shipped installs nothing and takes its dependencies from an earlier one',
  shipsAStageThatInstallsNothing,
);
checkpoint(
  'locked-dependencies',
  'dependencies come from the lock file, and those of development stay out',
  installsWhatTheLockSays,
);
checkpoint(
  'cached-dependencies',
  'a change of a source file leaves the layer with the dependencies in the cache',
  keepsDependenciesCached,
);
checkpoint('small-context', 'secrets and what tools make stay out of the build context', keepsFilesOut);
checkpoint('no-secrets', 'no argument, variable or copied file puts a secret into the image', keepsSecretsOut);
checkpoint('not-root', 'the shipped stage runs as a user other than root, given by number', runsAsANumber);
checkpoint(
  'process-one',
  'the server itself is the process that the image starts, and ends on a SIGTERM that it alone gets',
  startsAsProcessOne,
  { concurrent: true },
);
checkpoint(
  'health-check',
  'the health check needs nothing but Node, and tells a live server from one that is not',
  tellsLiveFromDead,
  { concurrent: true },
);
checkpoint(
  'bad-settings',
  'a missing or invalid variable ends the start with one line that names it and shows no password',
  refusesBadSettings,
  { concurrent: true },
);
checkpoint(
  'starts-alone',
  'a server that starts before its database is live at once, and ready when the database answers',
  startsBeforeItsDatabase,
  { concurrent: true },
);
checkpoint(
  'database-lost',
  'a lost or silent database makes the server unready and not dead, and it recovers without a restart',
  outlivesItsDatabase,
  { concurrent: true },
);
checkpoint(
  'drains',
  'on SIGTERM the server turns unready, still serves for the delay, finishes what is under way and exits with code 0',
  drainsInOrder,
  { concurrent: true },
);
checkpoint(
  'stop-deadline',
  'on SIGTERM the server exits with code 0 after SHUTDOWN_TIMEOUT_MS even if a request never ends',
  stopsInTime,
  { concurrent: true },
);
checkpoint('writes-nothing', 'the server makes and changes no file', writesNoFile, { concurrent: true });
checkpoint(
  'json-logs',
  'every line of the log is one JSON object, and none holds a secret',
  logsObjectsWithoutSecrets,
  { concurrent: true },
);
checkpoint('start-order', 'Compose starts the API once the database says that it is healthy', startsInOrder);
checkpoint(
  'named-volume',
  'the data lie in a named volume where the image of the database keeps them',
  keepsDataInAVolume,
);
checkpoint(
  'little-published',
  'the database publishes no port, and the API publishes its own on loopback alone',
  publishesLittle,
);
checkpoint(
  'required-settings',
  'secrets come from the environment, and Compose stops with a message when one is missing',
  takesSecretsFromTheEnvironment,
);
checkpoint(
  'locked-down',
  'the API runs on a read-only file system, without capabilities and without new privileges',
  locksTheContainerDown,
);
checkpoint(
  'bounded',
  'memory and processes have limits, a crash is restarted, and a stop gets longer than the drain',
  boundsTheContainers,
);
checkpoint(
  'image-runs',
  'the image builds, runs locked down as its user, becomes healthy and drains on SIGTERM',
  runsInAContainer,
  { timeoutMs: 200_000 },
);
checkpoint('data-survives', 'the stack comes up healthy, and its data survive down and up', keepsDataAcrossDownAndUp, {
  timeoutMs: 200_000,
});
