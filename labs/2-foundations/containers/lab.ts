import type { BuiltLab } from '../../course-schema.ts';

export const containers: BuiltLab = {
  status: 'built',
  slug: 'containers',
  title: 'Containers',
  competency: 'Shipping a server that starts, reports its health and stops as an orchestrator expects',
  teaches: [
    'build a small image without root and without secrets, the same one tomorrow as today',
    'tell liveness from readiness, and start before the database does',
    'drain on SIGTERM as process 1',
    'lock a stack down, bound it, and keep its data',
  ],
  kinds: ['files', 'program'],
  services: ['postgresql'],
  entry: { typescript: 'server.ts' },
  packages: ['pg'],
  diagrams: ['build-stages'],
  checkpoints: [
    {
      id: 'pinned-bases',
      sentence: 'every image comes by an exact version or digest, and a base by an argument',
      read: 'images',
      hints: [
        'Which image does your FROM name today, and which will it name in a month?',
        'Write three numbers, or a digest. Do the same for the image of the database.',
        `ARG NODE_IMAGE=… before the first FROM, and FROM \${NODE_IMAGE}: then a mirror or a local image can take its place.`,
      ],
    },
    {
      id: 'two-stages',
      sentence: 'the stage that is shipped installs nothing and takes its dependencies from an earlier one',
      read: 'images',
      hints: [
        "What is left in the image of npm's work that the server never reads?",
        'Install in a stage with a name, and begin the shipped one anew with a FROM of its own.',
        'COPY --from=<name> brings node_modules over, and nothing else.',
      ],
    },
    {
      id: 'locked-dependencies',
      sentence: 'dependencies come from the lock file, and those of development stay out',
      read: 'images',
      hints: [
        'Two builds from the same commit, a week apart: do they hold the same packages?',
        'npm ci installs what the lock file says, or fails. npm install looks for something newer.',
        '--omit=dev leaves out what only development needs.',
      ],
    },
    {
      id: 'cached-dependencies',
      sentence: 'a change of a source file leaves the layer with the dependencies in the cache',
      read: 'images',
      hints: [
        'Change one line of server.ts and build again: which steps run, and which say CACHED?',
        'A step runs again when a file changed that it, or a step before it, copies.',
        'Copy package.json and package-lock.json, install, and copy the sources after that.',
      ],
    },
    {
      id: 'small-context',
      sentence: 'secrets and what tools make stay out of the build context',
      read: 'images',
      hints: [
        'COPY . . takes what the builder was sent. What is that, in a folder in which you have worked for a month?',
        'A pattern without a slash fits at the root alone. **/ in front makes it fit everywhere.',
        'The safest list leaves everything out (*) and brings back by ! what the image is made of.',
      ],
    },
    {
      id: 'no-secrets',
      sentence: 'no argument, variable or copied file puts a secret into the image',
      read: 'images',
      hints: [
        'Who may read docker history and docker inspect of your image?',
        'What the server needs to know at run time is given to the container, not to the image.',
        'What the build needs is mounted for one step: RUN --mount=type=secret. A file that was copied stays in its layer, even if a later step removes it.',
      ],
    },
    {
      id: 'not-root',
      sentence: 'the shipped stage runs as a user other than root, given by number',
      read: 'images',
      hints: [
        'Which user does a process have in a container when nobody says?',
        'USER belongs into the last stage: each FROM of an image begins as the user of that image.',
        'Kubernetes refuses a name under runAsNonRoot, as it cannot tell whether that name is root. Give the number.',
      ],
    },
    {
      id: 'process-one',
      sentence: 'the server itself is the process that the image starts, and ends on a SIGTERM that it alone gets',
      read: 'process-one',
      hints: [
        'docker stop signals one process. Which one is it in your image?',
        'ENTRYPOINT as a list starts the program itself. As a text it starts a shell that starts the program.',
        'npm start and sh -c are shells in between. node server.ts is not.',
      ],
    },
    {
      id: 'health-check',
      sentence: 'the health check needs nothing but Node, and tells a live server from one that is not',
      read: 'health-and-readiness',
      hints: [
        'Does the base image have curl? Will it, in the next version?',
        'A few lines of Node ask /livez at PORT: exit code 0 for a 200, and 1 for everything else.',
        'Ask for liveness. A container that is declared sick because its database is away is restarted for nothing, where somebody restarts the sick.',
      ],
    },
    {
      id: 'bad-settings',
      sentence: 'a missing or invalid variable ends the start with one line that names it and shows no password',
      read: 'configuration',
      hints: [
        'When does your server find out that DATABASE_URL is missing: at the start, or at the first request?',
        'Read all variables in one place before anything starts.',
        'Say the name, what was expected and what came; of DATABASE_URL do not say what came.',
      ],
    },
    {
      id: 'starts-alone',
      sentence: 'a server that starts before its database is live at once, and ready when the database answers',
      read: 'health-and-readiness',
      hints: [
        'After a power cut everything starts at the same moment. Who waits for whom?',
        'Listen first. Then try to reach the database, again and again, with pauses that grow to a bound.',
        'The table is made when the database first answers, not when the process starts.',
      ],
    },
    {
      id: 'database-lost',
      sentence: 'a lost or silent database makes the server unready and not dead, and it recovers without a restart',
      read: 'health-and-readiness',
      hints: [
        'Which of the two questions may ask the database, and which must not?',
        'A database that hangs is not one that refuses: bound the time of the probe.',
        'A pool reports the break of an idle connection by an event. Without a listener it ends the process.',
      ],
    },
    {
      id: 'drains',
      sentence:
        'on SIGTERM the server turns unready, still serves for the delay, finishes what is under way and exits with code 0',
      read: 'process-one',
      hints: [
        'For how long after SIGTERM does a load balancer still send requests? Until it has seen a 503, or has been told.',
        'Three steps: answer 503 at /readyz; wait SHUTDOWN_DELAY_MS and serve; then close the listener and wait for what is under way.',
        'Close the pool last. A kept-alive connection keeps the server open: answer with connection: close while you stop.',
      ],
    },
    {
      id: 'stop-deadline',
      sentence: 'on SIGTERM the server exits with code 0 after SHUTDOWN_TIMEOUT_MS even if a request never ends',
      read: 'process-one',
      hints: [
        'How long does your stop take if one client never sends the rest of its request?',
        'Start a timer at the signal, and exit with code 0 when it fires.',
      ],
    },
    {
      id: 'writes-nothing',
      sentence: 'the server makes and changes no file',
      read: 'process-one',
      hints: [
        'What does your server write besides its answers?',
        'In a container the file system is read-only and short-lived. Logs go to standard error, state to the database.',
      ],
    },
    {
      id: 'json-logs',
      sentence: 'every line of the log is one JSON object, and none holds a secret',
      read: 'configuration',
      hints: [
        'A collector splits the log at line ends. How many events does a stack trace make?',
        'One function writes the log: it takes fields, and writes one line of JSON.',
        'Log what you chose to log. An object with all settings, or an address as it came, holds the password.',
      ],
    },
    {
      id: 'start-order',
      sentence: 'Compose starts the API once the database says that it is healthy',
      read: 'the-stack',
      hints: [
        'depends_on with a list waits for something. For what exactly?',
        'Give the database a healthcheck with pg_isready, and depends_on a condition.',
      ],
    },
    {
      id: 'named-volume',
      sentence: 'the data lie in a named volume where the image of the database keeps them',
      read: 'the-stack',
      hints: [
        'Which folder does your version of the image write to? It is not the one that most examples show.',
        'From version 18 on the volume belongs at /var/lib/postgresql.',
        'Name it, and declare the name under volumes: at the top level.',
      ],
    },
    {
      id: 'little-published',
      sentence: 'the database publishes no port, and the API publishes its own on loopback alone',
      read: 'the-stack',
      hints: [
        'Which addresses of the machine does "8080:8080" listen on?',
        'Services of one stack reach each other by name; nothing has to be published for that.',
        'An address in front of the port, 127.0.0.1:…, keeps it on the machine.',
      ],
    },
    {
      id: 'required-settings',
      sentence: 'secrets come from the environment, and Compose stops with a message when one is missing',
      read: 'configuration',
      hints: [
        'What does Compose put in the place of a variable that is not set?',
        `\${NAME:?message} stops with the message. \${NAME:-word} is a password that everybody can read in your repository.`,
      ],
    },
    {
      id: 'locked-down',
      sentence: 'the API runs on a read-only file system, without capabilities and without new privileges',
      read: 'the-stack',
      hints: [
        'What could somebody do who runs code in your container? What does your server need of that?',
        'read_only, cap_drop and security_opt are three lines, and a tmpfs at /tmp is the fourth.',
      ],
    },
    {
      id: 'bounded',
      sentence: 'memory and processes have limits, a crash is restarted, and a stop gets longer than the drain',
      read: 'the-stack',
      hints: [
        'What happens to the other services when one of them leaks memory?',
        'Both services need a limit of memory, a limit of processes and a restart policy.',
        'stop_grace_period has to be longer than SHUTDOWN_TIMEOUT_MS, or SIGKILL comes in the middle of the drain.',
      ],
    },
    {
      id: 'image-runs',
      sentence: 'the image builds, runs locked down as its user, becomes healthy and drains on SIGTERM',
      read: 'images',
      hints: [
        'Build it and start it by hand: docker build -t board . and docker run --rm --read-only board. What does it say?',
        'The image has to hold every file that the server imports, and no more.',
      ],
    },
    {
      id: 'data-survives',
      sentence: 'the stack comes up healthy, and its data survive down and up',
      read: 'the-stack',
      hints: [
        'docker compose up --build --wait says which service is not healthy, and docker compose logs says why.',
        'Inside a stack the database is found by the name of its service, at the port that it listens on.',
      ],
    },
  ],
};
