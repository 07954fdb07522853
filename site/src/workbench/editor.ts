import { defaultKeymap, history, historyKeymap, indentWithTab } from '@codemirror/commands';
import { typescriptLanguage } from '@codemirror/lang-javascript';
import { bracketMatching, HighlightStyle, indentOnInput, syntaxHighlighting } from '@codemirror/language';
import { EditorState, type Extension, StateEffect, StateField } from '@codemirror/state';
import { Decoration, type DecorationSet, EditorView, keymap, lineNumbers, WidgetType } from '@codemirror/view';
import { tags } from '@lezer/highlight';
import type { Files } from './protocol.ts';

/** Something to say about a line of a file. */
export interface LineNote {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  readonly text: string;
}

export interface EditorOptions {
  readonly parent: HTMLElement;
  readonly files: Files;
  /** Name of the file that is shown first. */
  readonly shown: string;
  readonly onChange: () => void;
}

/** The inks of the site's listings: comment, string, keyword, number. */
const INK = HighlightStyle.define([
  { tag: tags.comment, class: 'c' },
  { tag: [tags.string, tags.regexp, tags.special(tags.string)], class: 's' },
  { tag: [tags.keyword, tags.modifier, tags.operatorKeyword, tags.self, tags.null, tags.bool], class: 'k' },
  { tag: tags.number, class: 'n' },
]);

const setNotes = StateEffect.define<readonly { readonly line: number; readonly text: string }[]>();

class NoteWidget extends WidgetType {
  readonly #text: string;

  constructor(text: string) {
    super();
    this.#text = text;
  }

  toDOM(): HTMLElement {
    const note = document.createElement('div');
    note.className = 'line-note';
    note.textContent = this.#text;
    return note;
  }
}

/** Notes below their lines; they go when the text changes, as they may no longer hold. */
const notes = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update: (shown, { state, effects, docChanged }) => {
    for (const effect of effects) {
      if (!effect.is(setNotes)) continue;
      const ranges = effect.value
        .filter(({ line }) => line >= 1 && line <= state.doc.lines)
        .sort((a, b) => a.line - b.line)
        .flatMap(({ line, text }) => {
          const { from, to } = state.doc.line(line);
          const widget = Decoration.widget({ widget: new NoteWidget(text), block: true, side: 1 });
          return [Decoration.line({ class: 'noted' }).range(from), widget.range(to)];
        });
      return Decoration.set(ranges, true);
    }
    return docChanged ? Decoration.none : shown;
  },
  provide: (field) => EditorView.decorations.from(field),
});

/** A CodeMirror with one document for each of the learner's files. */
export class Editor {
  readonly #parent: HTMLElement;
  readonly #view: EditorView;
  readonly #states = new Map<string, EditorState>();
  readonly #onChange: () => void;
  #shown: string;
  /** While texts are set from outside, nothing is reported. */
  #isSetting = false;

  constructor({ parent, files, shown, onChange }: EditorOptions) {
    this.#parent = parent;
    this.#onChange = onChange;
    this.#shown = shown;
    for (const [file, text] of Object.entries(files)) this.#states.set(file, this.#stateOf(file, text));
    this.#view = new EditorView({ parent, state: this.#stateFor(shown) });
  }

  get shown(): string {
    return this.#shown;
  }

  files(): Files {
    this.#states.set(this.#shown, this.#view.state);
    return Object.fromEntries([...this.#states].map(([file, { doc }]) => [file, doc.toString()]));
  }

  /** Puts other texts in place of all. The history of a file that stays goes on, so that undo brings its text back. */
  setFiles(files: Files, shown: string): void {
    this.#isSetting = true;
    const before = new Map(this.#states).set(this.#shown, this.#view.state);
    this.#states.clear();
    for (const [file, text] of Object.entries(files)) {
      const state = before.get(file);
      const isSame = state?.doc.toString() === text;
      const changes = { from: 0, to: state?.doc.length ?? 0, insert: text };
      this.#states.set(file, state ? (isSame ? state : state.update({ changes }).state) : this.#stateOf(file, text));
    }
    this.#shown = shown;
    this.#view.setState(this.#stateFor(shown));
    this.#isSetting = false;
  }

  show(file: string): void {
    this.#states.set(this.#shown, this.#view.state);
    this.#shown = file;
    this.#view.setState(this.#stateFor(file));
  }

  /** Shows notes at their lines, in place of those before. */
  note(all: readonly LineNote[]): void {
    for (const [file, state] of this.#states) {
      const effects = setNotes.of(all.filter((entry) => entry.file === file));
      if (file === this.#shown) this.#view.dispatch({ effects });
      else this.#states.set(file, state.update({ effects }).state);
    }
  }

  /** Puts the cursor on a line and shows it in the middle. */
  goTo(file: string, line: number): void {
    if (!this.#states.has(file)) return;
    if (file !== this.#shown) this.show(file);
    const { doc } = this.#view.state;
    const { from } = doc.line(Math.min(Math.max(1, line), doc.lines));
    this.#view.dispatch({ selection: { anchor: from }, effects: EditorView.scrollIntoView(from, { y: 'center' }) });
    this.#view.focus();
  }

  focus(): void {
    this.#view.focus();
  }

  #leave(): boolean {
    this.#parent.focus();
    return true;
  }

  #stateFor(file: string): EditorState {
    return this.#states.get(file) ?? this.#stateOf(file, '');
  }

  #stateOf(file: string, doc: string): EditorState {
    const extensions: Extension[] = [
      lineNumbers(),
      history(),
      indentOnInput(),
      bracketMatching(),
      syntaxHighlighting(INK),
      EditorState.tabSize.of(2),
      keymap.of([
        // Tab indents, so there must be another way out.
        { key: 'Escape', run: () => this.#leave() },
        ...defaultKeymap.filter(({ key }) => key !== 'Mod-Enter'),
        ...historyKeymap,
        indentWithTab,
      ]),
      EditorView.contentAttributes.of({ 'aria-label': `Your code, ${file}`, spellcheck: 'false', tabindex: '-1' }),
      EditorView.updateListener.of(({ docChanged }) => {
        if (docChanged && !this.#isSetting) this.#onChange();
      }),
      notes,
    ];
    if (/\.[mc]?[jt]s$/.test(file)) extensions.push(typescriptLanguage);
    return EditorState.create({ doc, extensions });
  }
}
