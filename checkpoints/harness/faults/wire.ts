/**
 * A link in time: packets that are under way, and the moment at which each comes out at the other end.
 * A simulation draws `inFlight` and calls `lose`; the proxies only send.
 */
import type { Clock, Timer } from './clock.ts';
import type { Fate, Link } from './link.ts';

export interface Flight<Packet> {
  readonly fate: Fate & { readonly outcome: 'delivered' };
  readonly packet: Packet;
}

export interface Wire<Packet> {
  readonly link: Link;
  /** Puts a packet on the wire and says what will become of it. */
  send(packet: Packet): Fate;
  /** What has not arrived yet, in the order of sending. */
  inFlight(): readonly Flight<Packet>[];
  /** Takes a packet off the wire, by the number in its fate. Returns false if it is not under way. */
  lose(packetNumber: number): boolean;
  /** Drops everything under way. */
  close(): void;
}

export interface WireOptions<Packet> {
  readonly link: Link;
  readonly clock: Clock;
  /** Transport header and payload, in bytes. */
  readonly sizeOf: (packet: Packet) => number;
  /** Called once for each arrival: twice for a duplicated packet. */
  readonly deliver: (packet: Packet) => void;
}

export function createWire<Packet>({ link, clock, sizeOf, deliver }: WireOptions<Packet>): Wire<Packet> {
  const flights = new Map<number, { readonly flight: Flight<Packet>; readonly timers: Timer[] }>();

  const lose = (packetNumber: number): boolean => {
    for (const timer of flights.get(packetNumber)?.timers ?? []) timer.cancel();
    return flights.delete(packetNumber);
  };

  return {
    link,
    send: (packet) => {
      const now = clock.now();
      const fate = link.send(sizeOf(packet), now);
      if (fate.outcome === 'lost') return fate;
      let copiesLeft = fate.arrivals.length;
      const arrive = (): void => {
        copiesLeft--;
        if (copiesLeft === 0) flights.delete(fate.packet);
        deliver(packet);
      };
      flights.set(fate.packet, {
        flight: { fate, packet },
        timers: fate.arrivals.map((at) => clock.after(at - now, arrive)),
      });
      return fate;
    },
    inFlight: () => [...flights.values()].map(({ flight }) => flight),
    lose,
    close: () => {
      for (const packetNumber of [...flights.keys()]) lose(packetNumber);
    },
  };
}
