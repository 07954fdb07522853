/** What `node:net` is to the checkpoints: clients of the page's own network. */

import { turns } from '../node/globals.ts';
import type { ToNetwork } from '../node/link.ts';
import { createNet } from '../node/net.ts';
import type { Network, NetworkLink } from '../node/network.ts';

let link: NetworkLink | undefined;
const net = createNet({
  send: (message: ToNetwork) => {
    if (!link) throw new Error('there is no network yet');
    link.receive(message);
  },
  run: (work) => work(),
  turns,
  hold: () => () => {},
});

export function joinNetwork(network: Network): void {
  link = network.attach((message) => net.receive(message));
}

export const { connect } = net;
