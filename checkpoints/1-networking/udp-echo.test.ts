import { checkpoint } from '../harness/checkpoint.ts';
import { countsDuplicates, countsLoss, countsReordering } from './udp-echo/client-counts.ts';
import { ignoresStrays, outlivesRefusals } from './udp-echo/client-peers.ts';
import { reportsRoundTrips } from './udp-echo/client-report.ts';
import { echoesAnyBytes, echoesEmpty, echoesLargest, keepsBoundaries } from './udp-echo/datagrams.ts';
import { countsDrops } from './udp-echo/drop-log.ts';
import { agreesWithThePath } from './udp-echo/faulty-path.ts';
import { cutsFloods, letsLoopsDie, staysSilent } from './udp-echo/flood.ts';
import { refillsBuckets } from './udp-echo/refill.ts';
import { keepsSendersApart, outlivesClosedPeers } from './udp-echo/senders.ts';
import { forgetsSilentSources } from './udp-echo/sources.ts';
import { refusesBadSettings, refusesTakenPort } from './udp-echo/start.ts';
import { stopsOnTerm } from './udp-echo/stop.ts';

checkpoint('echo', 'a datagram comes back with the same bytes, whatever bytes they are', echoesAnyBytes, {
  concurrent: true,
});
checkpoint('boundaries', 'each datagram comes back as one datagram: two sends never merge', keepsBoundaries, {
  concurrent: true,
});
checkpoint('empty', 'an empty datagram is echoed as an empty datagram', echoesEmpty, { concurrent: true });
checkpoint('largest', 'the largest IPv4 datagram, 65,507 bytes, is echoed whole', echoesLargest, { concurrent: true });
checkpoint(
  'senders',
  'each sender gets its own bytes and nobody else’s, from the address that it wrote to',
  keepsSendersApart,
  { concurrent: true },
);
checkpoint('closed-peer', 'replies to peers that have gone away do not stop the server', outlivesClosedPeers, {
  concurrent: true,
});
checkpoint(
  'fair-share',
  'a flood from one source is cut to its bucket and does not starve another source',
  cutsFloods,
  { concurrent: true },
);
checkpoint(
  'refill',
  'tokens come back with time, also while datagrams are dropped, and never beyond a full bucket',
  refillsBuckets,
  { concurrent: true },
);
checkpoint('silence', 'nobody gets more than they sent: what is over the limit is met with silence', staysSilent, {
  concurrent: true,
});
checkpoint('loop', 'a loop with another echo server dies down', letsLoopsDie, { concurrent: true });
checkpoint('counted', 'what is dropped is counted, and logged in sums that a flood cannot blow up', countsDrops, {
  concurrent: true,
});
checkpoint(
  'bounded-sources',
  'buckets are bounded: the source that has been silent the longest is forgotten',
  forgetsSilentSources,
  { concurrent: true },
);
checkpoint(
  'client-report',
  'the client sends numbered datagrams at its pace and reports how long their round trips took',
  reportsRoundTrips,
  { concurrent: true },
);
checkpoint(
  'client-loss',
  'the client counts what never came back, also at the end, and does not wait for it',
  countsLoss,
  { concurrent: true },
);
checkpoint('client-duplicates', 'the client counts copies apart from what it received', countsDuplicates, {
  concurrent: true,
});
checkpoint('client-reordering', 'the client counts reordering by the next number expected', countsReordering, {
  concurrent: true,
});
checkpoint('client-strays', 'the client counts no datagram that is no reply to this run', ignoresStrays, {
  concurrent: true,
});
checkpoint(
  'client-unreachable',
  'a target where nothing listens is a lossy path, not the end of the client',
  outlivesRefusals,
  { concurrent: true },
);
checkpoint(
  'faulty-path',
  'on a path that loses, repeats and reorders, the server stays stateless and the client’s report is exact',
  agreesWithThePath,
  { concurrent: true },
);
checkpoint('stop', 'SIGTERM ends either half with exit code 0, also in the middle of its work', stopsOnTerm, {
  concurrent: true,
});
checkpoint('port-in-use', 'a port in use is one clear line on standard error and a non-zero exit', refusesTakenPort, {
  concurrent: true,
});
checkpoint(
  'bad-settings',
  'a setting that is not valid is one clear line on standard error and a non-zero exit',
  refusesBadSettings,
  { concurrent: true },
);
