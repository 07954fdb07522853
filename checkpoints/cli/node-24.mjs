// Starts a TypeScript entry under Node 24: node node-24.mjs <entry.ts> [arguments]
// Written in the JavaScript of long ago, so that an old Node can read it far enough to say what it lacks.

var NEEDED = 24;
var present = process.versions.node;

if (Number(present.split('.')[0]) < NEEDED) {
  console.error(
    'This needs Node ' +
      NEEDED +
      ' or newer; the node that ran is ' +
      present +
      '. Mend: run "npm ci" in the repository (it brings Node 24 with it) and use the npm scripts, or install it from https://nodejs.org.',
  );
  process.exit(1);
} else {
  start(process.argv[2]);
}

function start(entry) {
  if (!entry) {
    console.error('node-24.mjs expects the TypeScript file to start; none was given.');
    process.exit(2);
  }
  // Node 24.0 to 24.2 call type stripping experimental at every start; we know.
  var shown = process.listeners('warning');
  process.removeAllListeners('warning');
  process.on('warning', (warning) => {
    if (warning.name === 'ExperimentalWarning' && /type stripping/i.test(warning.message)) return;
    shown.forEach((listener) => {
      listener.call(process, warning);
    });
  });

  Promise.all([import('node:module'), import('node:path'), import('node:url')])
    .then(([module, path, url]) => {
      var file = path.resolve(entry);
      // Stripped types are kept below the cache: a second start takes a third of the time.
      module.enableCompileCache(url.fileURLToPath(new URL('../../.cache/compiled', import.meta.url)));
      process.argv.splice(1, 2, file);
      return import(url.pathToFileURL(file).href);
    })
    .catch((error) => {
      console.error(error);
      process.exit(1);
    });
}
