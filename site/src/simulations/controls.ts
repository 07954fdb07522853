/** The controls of a simulation, as elements: what is typed, chosen or dragged comes back through `onChange`. */
import { mended, type Parameter, shown } from './parameters.ts';

export interface Control {
  readonly element: HTMLElement;
  /** Shows a value that was set from elsewhere. */
  show(value: number | string): void;
}

/** @param onChange gets a value that the parameter may have; `settled` is false while a slider is being dragged. */
export function createControl(
  id: string,
  parameter: Parameter,
  onChange: (value: number | string, settled: boolean) => void,
): Control {
  const field = Object.assign(fieldOf(parameter), { id });
  const label = made('label', { htmlFor: id, textContent: parameter.label });
  // No `output`: a slider says its own value, and need not say it twice.
  const output = made('span', { className: 'sim-value' });
  const element = made('div', { className: 'sim-control' }, label, output, field);
  const show = (value: number | string): void => {
    if (field.value !== String(value)) field.value = String(value);
    if (!isSlider(parameter)) return;
    output.textContent = shown(parameter, value);
    field.setAttribute('aria-valuetext', shown(parameter, value));
  };
  const take = (settled: boolean) => (): void => {
    const { value } = mended(parameter, field.value);
    show(value);
    onChange(value, settled);
  };
  if (isSlider(parameter)) field.addEventListener('input', take(false));
  field.addEventListener('change', take(true));
  return { element, show };
}

/** A number with a unit is a slider; a number without one is typed. */
function isSlider(parameter: Parameter): boolean {
  return parameter.kind === 'number' && parameter.unit !== '';
}

function fieldOf(parameter: Parameter): HTMLInputElement | HTMLSelectElement {
  if (parameter.kind === 'text')
    return made('input', { type: 'text', maxLength: parameter.maxLength, autocomplete: 'off', spellcheck: false });
  if (parameter.kind === 'choice') {
    const select = made('select', {});
    select.append(...parameter.options.map(({ value, label }) => new Option(label, value)));
    return select;
  }
  const { min, max, step } = parameter;
  const type = isSlider(parameter) ? 'range' : 'number';
  return made('input', { type, min: String(min), max: String(max), step: String(step) });
}

/** An element with some of its properties. */
export function made<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  properties: Partial<HTMLElementTagNameMap[Name]>,
  ...children: readonly (Node | string)[]
): HTMLElementTagNameMap[Name] {
  const element = Object.assign(document.createElement(name), properties);
  element.append(...children);
  return element;
}

export function button(text: string, onClick: () => void, keys = ''): HTMLButtonElement {
  const element = made('button', { type: 'button', textContent: text });
  if (keys !== '') element.setAttribute('aria-keyshortcuts', keys);
  element.addEventListener('click', onClick);
  return element;
}
