import { chosenNumber } from './chosen-number.ts';
import type { Wire } from './protocol.ts';

const MAX_SEED = 2 ** 32 - 1;
/** Longer than that, and the time-outs of the checkpoints themselves would run out. */
const MAX_LATENCY_MS = 50;
const MAX_PIECE_BYTES = 65_536;

/**
 * What the page's controls of the wire say; the address sets them, as in `?latency=5&pieces=7&seed=1`. A seed repeats
 * what a failure with that seed has seen; without one, each run has its own.
 */
export function chosenWire(controls: HTMLFieldSetElement | null): Wire & { readonly seed: number } {
  const seedOfAddress = chosenNumber('seed', 0, MAX_SEED);
  const random = () => Math.floor(Math.random() * (MAX_SEED + 1));
  if (!controls) return { latencyMs: 0, maxPieceBytes: 0, seed: seedOfAddress ?? random() };
  const seed = numberIn(controls, 'seed', MAX_SEED) ?? random();
  const seedControl = controls.querySelector<HTMLInputElement>('[name="seed"]');
  if (seedControl) seedControl.placeholder = String(seed);
  return {
    latencyMs: numberIn(controls, 'latency', MAX_LATENCY_MS) ?? 0,
    maxPieceBytes: numberIn(controls, 'pieces', MAX_PIECE_BYTES) ?? 0,
    seed,
  };
}

/** Puts what the address says into the controls. */
export function showWireOfAddress(controls: HTMLFieldSetElement | null): void {
  for (const [name, max] of [
    ['latency', MAX_LATENCY_MS],
    ['pieces', MAX_PIECE_BYTES],
    ['seed', MAX_SEED],
  ] as const) {
    const value = chosenNumber(name, 0, max);
    const control = controls?.querySelector<HTMLInputElement | HTMLSelectElement>(`[name="${name}"]`);
    if (value === undefined || !control) continue;
    if (control instanceof HTMLSelectElement && !control.querySelector(`[value="${value}"]`)) {
      control.add(new Option(`to ${value.toLocaleString('en')} bytes`, String(value)));
    }
    control.value = String(value);
  }
}

function numberIn(controls: HTMLFieldSetElement, name: string, max: number): number | undefined {
  const text = controls.querySelector<HTMLInputElement | HTMLSelectElement>(`[name="${name}"]`)?.value ?? '';
  const value = Number(text);
  return text !== '' && Number.isInteger(value) && value >= 0 && value <= max ? value : undefined;
}
