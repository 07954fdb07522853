/** The four plots of the write-up TCP or UDP?, from its evidence. Each label is worked out from the figures. */
import type { Distribution } from '../distribution.ts';
import { linearScale, logScale, PLOT_WIDTH, Plot, steps } from '../plot.ts';
import type { ConnectionCostResult, Way } from './connection-cost.ts';
import type { DatagramSizeResult } from './datagram-size.ts';
import type { StreamResult } from './head-of-line.ts';
import type { KernelLossResult } from './kernel-loss.ts';
import type { NagleResult, RequestStyle } from './nagle.ts';

const COMMAND = 'npm run record -- --experiment tcp-or-udp';
const LEFT = 62;
const RIGHT = PLOT_WIDTH - 16;

const percent = (share: number, digits = 1): string => `${Number((share * 100).toFixed(digits))} %`;
const figure = (value: number): string => String(value >= 100 ? Math.round(value) : Number(value.toPrecision(3)));
const ticksOf = (values: readonly number[], text: (value: number) => string = String) =>
  values.map((at) => ({ at, text: text(at) }));
interface HeadOfLineFigures {
  readonly streams: readonly StreamResult[];
  readonly kernelTcp: KernelLossResult;
}

export function drawHeadOfLine({ streams, kernelTcp }: HeadOfLineFigures): string {
  const find = (protocol: 'tcp' | 'udp', loss: number): StreamResult => {
    const stream = streams.find((s) => s.protocol === protocol && s.loss === loss);
    if (stream === undefined)
      throw new Error(`the evidence has no ${protocol} stream at a loss of ${loss}; record it again`);
    return stream;
  };
  const losses = [...new Set(streams.map(({ loss }) => loss))];
  const worst = Math.max(...losses);
  const summary = losses.map((loss) => {
    const [tcp, udp] = [find('tcp', loss), find('udp', loss)];
    const missing = percent((udp.sent - udp.received) / udp.sent);
    return `at ${percent(loss)} loss TCP takes ${figure(tcp.latency.p99)} ms at p99 and UDP ${figure(udp.latency.p99)} ms, with ${missing} of its datagrams never back`;
  });
  const plot = new Plot(
    520,
    `Round trips of a steady stream of messages over a link of 20 ms each way: ${summary.join('; ')}.`,
    COMMAND,
  );
  drawMessages(plot, find('tcp', worst), find('udp', worst));
  losses.forEach((loss, i) => {
    const kernel = kernelTcp.available ? kernelTcp.streams.find((stream) => stream.loss === loss) : undefined;
    const width = (RIGHT - LEFT - 2 * PANEL_GAP) / 3;
    const left = LEFT + i * (width + PANEL_GAP);
    drawLateShare(plot, {
      tcp: find('tcp', loss),
      udp: find('udp', loss),
      kernel: kernel?.latency,
      left,
      width,
      first: i === 0,
    });
  });
  return plot.toSvg();
}

const PANEL_GAP = 22;

/** Each message of two seconds as a square: when it was due, and how long its echo took. */
function drawMessages(plot: Plot, tcp: StreamResult, udp: StreamResult): void {
  const [top, bottom] = [48, 196];
  const latest = Math.max(...[...tcp.excerpt, ...udp.excerpt].map(([, latency]) => latency ?? 0));
  const yTicks = steps(latest);
  const x = linearScale([0, 2000], [LEFT, RIGHT - 70]);
  const y = linearScale([0, yTicks.at(-1) ?? 1], [bottom, top]);
  plot.text(LEFT, 18, `Two seconds at ${percent(tcp.loss)} loss: each square is a message, its height the round trip`, {
    tone: 'heading',
  });
  plot.axisY({ scale: y, ticks: ticksOf(yTicks, (ms) => `${ms} ms`), at: LEFT, across: [LEFT, RIGHT - 70] });
  plot.axisX({
    scale: x,
    ticks: ticksOf([0, 500, 1000, 1500, 2000], (ms) => `${ms / 1000} s`),
    at: bottom + 14,
    across: [bottom, bottom],
  });
  for (const [due, latency] of udp.excerpt) {
    if (latency === null) plot.cross(x(due), bottom + 8);
    else plot.square(x(due), y(latency), 'hollow');
  }
  const shown = tcp.excerpt.filter((point): point is readonly [number, number] => point[1] !== null);
  plot.line(shown.map(([due, latency]) => [x(due), y(latency)] as const), 'line'); // biome-ignore format: short
  for (const [due, latency] of shown) plot.square(x(due), y(latency), 'full');
  const lastTcp = shown.at(-1)?.[1] ?? 0;
  const lastUdp = udp.excerpt.findLast(([, latency]) => latency !== null)?.[1] ?? 0;
  const apart = Math.abs(y(lastTcp) - y(lastUdp)) >= 18;
  plot.text(RIGHT - 60, (apart ? y(lastTcp) : y(lastTcp) - 12) + 4, '■ TCP');
  plot.text(RIGHT - 60, (apart ? y(lastUdp) : y(lastUdp) + 6) + 4, '□ UDP');
  plot.text(RIGHT - 60, bottom + 13, '× UDP, lost');
}

interface LateShareOptions {
  readonly tcp: StreamResult;
  readonly udp: StreamResult;
  readonly kernel: Distribution | undefined;
  readonly left: number;
  readonly width: number;
  readonly first: boolean;
}

const LATE_SHARES = [1, 0.1, 0.01, 0.001] as const;
const LATEST_SHOWN_MS = 300;

/** Which share of the messages was not back after x ms: the tail of the distribution, on a scale where it shows. */
function drawLateShare(plot: Plot, { tcp, udp, kernel, left, width, first }: LateShareOptions): void {
  const [top, bottom] = [282, 462];
  const right = left + width;
  const x = linearScale([0, LATEST_SHOWN_MS], [left, right]);
  const y = logScale([0.001, 1], [bottom, top]);
  if (first) {
    plot.text(LEFT, 250, 'Share of messages not back after so many milliseconds', { tone: 'heading' });
    plot.text(
      LEFT,
      bottom + 50,
      `${tcp.sent.toLocaleString('en')} messages a line. The scale is logarithmic: each line down is a tenth of the one above.`,
      { tone: 'quiet' },
    );
  }
  plot.text(left, top - 12, `${percent(tcp.loss)} loss`);
  plot.axisY({
    scale: y,
    ticks: ticksOf(LATE_SHARES, (share) => (first ? percent(share) : '')),
    at: left,
    across: [left, right],
  });
  plot.axisX({ scale: x, ticks: ticksOf([0, 100, 200, 300]), at: bottom, across: [top, bottom] });

  const neverBack = (udp.sent - udp.received) / udp.sent;
  plot.line(lateness(udp.latency, neverBack, x, y), 'dashed');
  if (kernel !== undefined) plot.line(lateness(kernel, 0, x, y), 'dotted');
  plot.line(lateness(tcp.latency, 0, x, y), 'strong');
  if (neverBack < 0.001) {
    const at = x(tcp.latency.p99) + 8;
    plot.text(at, y(0.05), 'TCP and UDP', { halo: true });
    if (kernel !== undefined) plot.text(at, y(0.05) + 17, 'alike', { halo: true });
    return;
  }
  plot.text(right - 2, y(neverBack) - 7, `UDP: ${percent(neverBack)} never`, { anchor: 'end', halo: true });
  plot.text(left + 6, y(0.0032), 'TCP', { halo: true });
  plot.text(left + 6, y(0.0032) + 17, kernel === undefined ? '' : 'dotted: Linux’s', { tone: 'quiet', halo: true });
}

/** The points of a line that falls: share later than each quantile's value, with those that never came on top. */
function lateness(latency: Distribution, neverBack: number, x: (ms: number) => number, y: (share: number) => number) {
  const points: [number, number][] = [[x(0), y(1)]];
  let before = 1;
  for (const [share, ms] of latency.quantiles) {
    const late = neverBack + (1 - neverBack) * (1 - share);
    if (ms > LATEST_SHOWN_MS) {
      points.push([x(LATEST_SHOWN_MS), y(before)]);
      break;
    }
    if (late < 0.001) break;
    points.push([x(ms), y(before)], [x(ms), y(late)]);
    before = late;
  }
  if (neverBack > 0.001) points.push([x(LATEST_SHOWN_MS), y(Math.max(neverBack, 0.001))]);
  return points;
}

const STYLE_LABELS: Readonly<Record<RequestStyle, string>> = {
  'two-writes': 'two writes',
  'two-writes-no-delay': 'two writes, TCP_NODELAY',
  'one-write': 'one write',
};

export function drawNagle(results: readonly NagleResult[]): string {
  const summary = results.map(({ style, latency }) => `${STYLE_LABELS[style]} ${figure(latency.p50)} ms`);
  const plot = new Plot(452, `Time of a request and its answer on loopback, median: ${summary.join('; ')}.`, COMMAND);
  const [top, bottom] = [44, 208];
  const slowest = Math.max(...results.flatMap(({ warmUp }) => warmUp));
  const yTicks = steps(slowest);
  const count = Math.max(...results.map(({ warmUp }) => warmUp.length));
  const x = linearScale([1, count], [LEFT + 10, RIGHT - 160]);
  const y = linearScale([0, yTicks.at(-1) ?? 1], [bottom, top]);
  plot.text(LEFT, 18, `The first ${count} requests of a connection`, { tone: 'heading' });
  plot.axisY({ scale: y, ticks: ticksOf(yTicks, (ms) => `${ms} ms`), at: LEFT, across: [LEFT, RIGHT - 150] });
  plot.axisX({
    scale: x,
    ticks: ticksOf([1, 10, 20, 30, 40].filter((n) => n <= count)),
    at: bottom,
    across: [bottom, bottom],
  });
  for (const { style, warmUp } of results) {
    if (style === 'one-write') continue; // lies on the others
    warmUp.forEach((ms, i) => {
      plot.square(x(i + 1), y(ms), style === 'two-writes' ? 'full' : 'hollow');
    });
    plot.text(
      RIGHT - 142,
      y(warmUp.at(-1) ?? 0) + (style === 'two-writes' ? 4 : 0),
      `${style === 'two-writes' ? '■ two writes' : '□ TCP_NODELAY'}`,
    );
  }

  plot.text(LEFT, 262, `The next ${results[0]?.latency.n ?? 0}: median, and a line to p99`, { tone: 'heading' });
  const scale = logScale([0.01, 100], [LEFT + 150, RIGHT - 150]);
  plot.axisX({ scale, ticks: ticksOf([0.01, 0.1, 1, 10, 100], (ms) => `${ms} ms`), at: 412, across: [280, 412] });
  results.forEach(({ style, latency }, i) => {
    drawRow(plot, { latency, label: STYLE_LABELS[style], y: 306 + i * 40, scale, labelX: LEFT + 138 });
  });
  return plot.toSvg();
}

const WAY_LABELS: Readonly<Record<Way, string>> = {
  'new-tcp': 'new TCP connection',
  'open-tcp': 'open TCP connection',
  udp: 'UDP datagram',
};

export function drawConnectionCost(results: readonly ConnectionCostResult[]): string {
  const summary = results.map(
    ({ path, way, latency }) =>
      `${WAY_LABELS[way]} ${path === 'link' ? 'over the link' : 'on loopback'} ${figure(latency.p50)} ${latency.unit}`,
  );
  const plot = new Plot(430, `Time until the first echo, median: ${summary.join('; ')}.`, COMMAND);
  const panels = [
    { path: 'loopback', title: 'On loopback', top: 18 },
    { path: 'link', title: 'Through a link of 20 ms each way', top: 228 },
  ] as const;
  for (const { path, title, top } of panels) {
    const rows = results.filter((result) => result.path === path);
    const latest = Math.max(...rows.map(({ latency }) => latency.p99));
    const ticks = steps(latest);
    const scale = linearScale([0, ticks.at(-1) ?? 1], [LEFT + 150, RIGHT - 150]);
    const unit = rows[0]?.latency.unit ?? '';
    plot.text(LEFT, top, `${title}: median, and a line to p99`, { tone: 'heading' });
    plot.axisX({
      scale,
      ticks: ticksOf(ticks, (value) => `${value} ${unit}`),
      at: top + 160,
      across: [top + 18, top + 160],
    });
    rows.forEach(({ way, latency }, i) => {
      drawRow(plot, { latency, label: WAY_LABELS[way], y: top + 44 + i * 46, scale, labelX: LEFT + 138 });
    });
  }
  return plot.toSvg();
}

interface RowOptions {
  readonly latency: Distribution;
  readonly label: string;
  readonly y: number;
  readonly scale: (value: number) => number;
  readonly labelX: number;
}

/** A name, a square at the median, a line on to p99, and both as figures. */
function drawRow(plot: Plot, { latency, label, y, scale, labelX }: RowOptions): void {
  plot.text(labelX, y + 4, label, { anchor: 'end' });
  plot.line([[scale(latency.p50), y], [scale(latency.p99), y]], 'strong'); // biome-ignore format: one line reads better
  plot.square(scale(latency.p50), y, 'full');
  plot.text(RIGHT - 138, y + 4, `${figure(latency.p50)} ${latency.unit}, p99 ${figure(latency.p99)}`);
}

export function drawDatagramSize(results: readonly DatagramSizeResult[]): string {
  const last = results.at(-1);
  if (last === undefined) throw new Error('the evidence has no datagram sizes; record it again');
  const whole = results.filter(({ fragments }) => fragments === 1);
  const plot = new Plot(
    470,
    `Of datagrams that fit into one packet ${percent(whole.at(-1)?.deliveryRate ?? 0)} arrive when 1 % of the fragments is lost; of those of ${last.payloadBytes} bytes, which travel in ${last.fragments} fragments, ${percent(last.deliveryRate)}.`,
    COMMAND,
  );
  const right = RIGHT - 130;
  const x = logScale([64, 65_507], [LEFT + 8, right]);
  const sizes = ticksOf([64, 256, 1024, 4096, 16_384, 65_507], (bytes) => bytes.toLocaleString('en'));
  const [top, bottom] = [44, 226];
  const y = linearScale([0, 1], [bottom, top]);
  plot.text(LEFT, 18, 'An MTU of 1,500 bytes, and 1 % of the fragments lost', { tone: 'heading' });
  plot.axisY({
    scale: y,
    ticks: ticksOf([0, 0.25, 0.5, 0.75, 1], (share) => percent(share)),
    at: LEFT,
    across: [LEFT, right],
  });
  plot.axisX({ scale: x, ticks: sizes, at: bottom, across: [bottom, bottom] });
  plot.line([[x(1472), top - 6], [x(1472), bottom]], 'grid'); // biome-ignore format: one line reads better
  plot.text(x(1472) + 6, bottom - 10, 'one packet ends at 1,472', { tone: 'quiet', halo: true });
  plot.line(results.map((r) => [x(r.payloadBytes), y(r.goodputShare)] as const), 'line'); // biome-ignore format: short
  plot.line(results.map((r) => [x(r.payloadBytes), y(r.expectedDeliveryRate)] as const), 'dotted'); // biome-ignore format: short
  for (const r of results) {
    plot.square(x(r.payloadBytes), y(r.goodputShare), 'hollow');
    plot.square(x(r.payloadBytes), y(r.deliveryRate), 'full');
  }
  plot.text(right + 10, y(last.deliveryRate) - 8, '■ delivered');
  plot.text(right + 10, y(last.deliveryRate) + 10, '⋯ 0.99^fragments', { tone: 'quiet' });
  plot.text(right + 10, y(last.deliveryRate) + 28, '□ payload ÷ wire');

  const [top2, bottom2] = [306, 412];
  const fastest = Math.max(...results.map((r) => r.loopbackMegabytesPerSecond));
  const yTicks = steps(fastest);
  const y2 = linearScale([0, yTicks.at(-1) ?? 1], [bottom2, top2]);
  plot.text(LEFT, 280, 'Loopback, without a link: payload from socket to socket', { tone: 'heading' });
  plot.axisY({
    scale: y2,
    ticks: ticksOf(yTicks, (rate) => rate.toLocaleString('en')),
    at: LEFT,
    across: [LEFT, right],
  });
  plot.axisX({ scale: x, ticks: sizes, at: bottom2, across: [bottom2, bottom2] });
  plot.line(results.map((r) => [x(r.payloadBytes), y2(r.loopbackMegabytesPerSecond)] as const), 'line'); // biome-ignore format: short
  for (const r of results) plot.square(x(r.payloadBytes), y2(r.loopbackMegabytesPerSecond), 'full');
  plot.text(right + 10, y2(last.loopbackMegabytesPerSecond) + 4, '■ MB/s');
  plot.text((LEFT + right) / 2, bottom2 + 44, 'bytes of payload in a datagram', { anchor: 'middle', tone: 'quiet' });
  return plot.toSvg();
}
