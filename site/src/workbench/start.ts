/**
 * The workbench before it is touched: its tabs, the text that was saved here, and one listener that loads the rest.
 * Everything else is loaded with the first touch.
 */

import { chosenNumber } from './chosen-number.ts';
import { Judge } from './judge.ts';
import type { LabData } from './lab-data.ts';
import { type Panel, Parts } from './parts.ts';
import { showWireOfAddress } from './wire.ts';
import type { Workbench } from './workbench.ts';

/** `?patience=3` in the address is what LAB_PATIENCE is on the command line. */
const MAX_PATIENCE = 100;
const NOT_LOADED = 'The workbench could not be loaded. Look at your connection and try again.';

function start(section: HTMLElement): void {
  const parts = new Parts(section);
  const { lab = '', entry = '', src = '', prefix = '' } = section.dataset;
  showSavedText(parts, `${prefix}${lab}`, entry);
  showWireOfAddress(parts.wire);

  let loading: Promise<Workbench> | undefined;
  const load = async (): Promise<Workbench> => {
    const judge = new Judge(lab, chosenNumber('patience', 1, MAX_PATIENCE));
    judge.prepare();
    const [{ Workbench }, response] = await Promise.all([import('./workbench.ts'), fetch(src)]);
    if (!response.ok) throw new Error(`${src} answered ${response.status}`);
    return new Workbench({ parts, judge, lab: (await response.json()) as LabData, prefix });
  };
  const touch = (work: (bench: Workbench) => unknown): void => {
    loading ??= load();
    loading.then(work, (error: unknown) => {
      // The next touch tries again.
      loading = undefined;
      parts.note.textContent = NOT_LOADED;
      console.error(error);
    });
  };

  section.addEventListener('click', ({ target }) => {
    const button = (target as Element).closest<HTMLElement>('[data-do]');
    if (button?.dataset.do === 'import') parts.importFile.click();
    else if (button?.dataset.do) touch((bench) => bench.act(button.dataset.do ?? ''));
  });
  parts.importFile.addEventListener('change', () => {
    const [file] = parts.importFile.files ?? [];
    if (file) touch((bench) => bench.importFile(file));
  });
  // A pointer on its way to a click: what it will need comes meanwhile.
  section.querySelector('[data-do="run"]')?.addEventListener('pointerenter', () => touch(() => {}), { once: true });
  // The Tab key may pass by: it is Enter or a pointer that puts the cursor into the text.
  parts.editor.addEventListener('focusin', () => touch((bench) => bench.openEditor({ focus: false })));
  parts.editor.addEventListener('pointerup', ({ target }) => {
    if (!(target as Element).closest('.cm-editor')) touch((bench) => bench.openEditor({ focus: true }));
  });
  parts.editor.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter' || event.target !== parts.editor || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    touch((bench) => bench.openEditor({ focus: true }));
  });
  document.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    touch((bench) => bench.act('run'));
  });
  useTabs(parts, () => touch((bench) => bench.showSolution()));
}

/** A tablist as the ARIA authoring practices have it: one stop of the Tab key, arrows within. */
function useTabs(parts: Parts, onShow: () => void): void {
  const show = (tab: HTMLElement) => {
    parts.showPanel(tab.dataset.panel as Panel);
    // What the solution's panel shows depends on what is known of the attempt.
    if (tab.dataset.panel === 'solution') onShow();
  };
  parts.section.addEventListener('click', ({ target }) => {
    const tab = (target as Element).closest<HTMLElement>('[role="tab"]');
    if (tab) show(tab);
  });
  parts.section.addEventListener('keydown', (event) => {
    const tabs = parts.visibleTabs();
    const at = tabs.indexOf(event.target as HTMLElement);
    const steps: Record<string, number> = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: tabs.length - 1 };
    const next = steps[event.key];
    if (at < 0 || next === undefined) return;
    event.preventDefault();
    const tab = tabs[(next + tabs.length) % tabs.length];
    if (!tab) return;
    show(tab);
    tab.focus();
  });
}

/** So that nobody takes the starter for what has become of their work. What cannot be read is dealt with later. */
function showSavedText(parts: Parts, key: string, entry: string): void {
  try {
    const saved = JSON.parse(localStorage.getItem(key) ?? '{}') as { files?: Record<string, unknown> };
    const text = saved.files?.[entry];
    const still = parts.editor.querySelector('code');
    if (typeof text === 'string' && still) still.textContent = text;
  } catch {
    // No storage, or no text in it.
  }
}

for (const section of document.querySelectorAll<HTMLElement>('[data-workbench]')) start(section);
