// The editor of the SPARQL page: puts CodeMirror in place of the textarea, in a shadow root, where its style sheets
// are constructed ones, which the strict policy of the page allows without a nonce. Tab leaves it.
import { autocompletion, completionKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { bracketMatching, HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import { EditorState, StateField } from "@codemirror/state";
import { Decoration, drawSelection, EditorView, keymap, lineNumbers } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { sparql } from "codemirror-lang-sparql";
import { completions, namesAt } from "./completions.js";

const colours = HighlightStyle.define([
  { tag: tags.keyword, color: "var(--blue)", fontWeight: "600" },
  { tag: [tags.variableName, tags.special(tags.variableName)], color: "#7a3b00" },
  { tag: [tags.string, tags.literal], color: "var(--ok)" },
  { tag: tags.comment, color: "var(--ink-3)" },
]);

const theme = EditorView.theme({
  "&": { color: "var(--ink)", backgroundColor: "#fff", fontSize: ".875rem", maxHeight: "36rem" },
  "&:focus-within": { outline: "3px solid var(--blue)", outlineOffset: "-3px" },
  ".cm-scroller": { fontFamily: "var(--mono)", lineHeight: "1.6", overflow: "auto" },
  ".cm-content": { padding: ".75rem 0", minHeight: "15rem" },
  ".cm-gutters": { backgroundColor: "var(--wash)", color: "var(--ink-3)", borderRight: "1px solid var(--line)" },
  ".cm-badline": { backgroundColor: "#fbf1ea" },
  ".cm-badplace": { backgroundColor: "#f6d9c8", textDecoration: "underline wavy var(--gap)", textUnderlineOffset: ".25em" },
  ".cm-tooltip": { border: "1px solid var(--line-2)", backgroundColor: "#fff" },
  ".cm-tooltip.cm-tooltip-autocomplete > ul": { fontFamily: "var(--mono)", maxHeight: "16rem", maxWidth: "min(44rem, 90vw)" },
  ".cm-tooltip.cm-tooltip-autocomplete > ul > li": { padding: ".25rem .5rem", minHeight: "1.5rem" },
  ".cm-tooltip-autocomplete ul li[aria-selected]": { backgroundColor: "var(--blue)", color: "#fff" },
  ".cm-completionDetail": { fontFamily: "var(--sans)", fontStyle: "normal", color: "var(--ink-2)", marginLeft: "1em" },
  "li[aria-selected] .cm-completionDetail": { color: "#fff" },
});

/** The line and the place of the error that the page tells, until the text is changed. */
function marked(line, column) {
  return StateField.define({
    create(state) {
      if (!line || line > state.doc.lines) return Decoration.none;
      const at = state.doc.line(line);
      const found = [Decoration.line({ class: "cm-badline" }).range(at.from)];
      const rest = at.text.slice(column - 1);
      const length = (rest.match(/^[\w:?$<>/#.-]+/) ?? rest.match(/^\S/) ?? [""])[0].length;
      if (length) found.push(Decoration.mark({ class: "cm-badplace" }).range(at.from + column - 1, at.from + column - 1 + length));
      return Decoration.set(found);
    },
    update: (found, change) => (change.docChanged ? Decoration.none : found),
    provide: (field) => EditorView.decorations.from(field),
  });
}

/** Typing over a selection, made by the editor: the browser would keep the style of the old text inline, and its policy say so. */
function typedOver(event, view) {
  const { inputType, data, isComposing, cancelable } = event;
  if (inputType !== "insertText" || !data || isComposing || view.composing || !cancelable) return false;
  if (view.state.selection.ranges.every((range) => range.empty)) return false;
  view.dispatch(view.state.replaceSelection(data), { userEvent: "input.type", scrollIntoView: true });
  return true; // handled: the browser is told to leave it
}

function mount(textarea) {
  const host = document.createElement("div");
  host.id = "editor";
  textarea.after(host);
  const root = host.attachShadow({ mode: "open" });
  const written = () => (textarea.value = view.state.doc.toString());
  const run = () => {
    written();
    textarea.form.requestSubmit();
    return true;
  };
  const { line, column, label, completions: address } = textarea.dataset;
  const invalid = textarea.hasAttribute("aria-invalid") ? { "aria-invalid": "true" } : {};
  const names = namesAt(address);
  const view = new EditorView({
    root,
    parent: root,
    doc: textarea.value,
    extensions: [
      lineNumbers(),
      history(),
      drawSelection(),
      bracketMatching(),
      sparql(),
      syntaxHighlighting(colours),
      theme,
      marked(Number(line), Number(column)),
      autocompletion({ override: [completions(names)], icons: false, activateOnTyping: true }),
      keymap.of([{ key: "Mod-Enter", run }, ...completionKeymap, ...defaultKeymap, ...historyKeymap]), // no indentWithTab
      EditorState.tabSize.of(2),
      // the names are asked for on focus, so that they are there when the first letter comes
      EditorView.domEventHandlers({ beforeinput: typedOver, focus: () => void names() }),
      EditorView.contentAttributes.of({ "aria-label": label, tabindex: "0", ...invalid }),
    ],
  });
  textarea.hidden = true;
  textarea.form.addEventListener("submit", written);
  for (const each of textarea.labels) each.addEventListener("click", () => view.focus());
  for (const each of document.querySelectorAll("[data-editor-hint]")) each.textContent = each.dataset.editorHint;
}

for (const textarea of document.querySelectorAll("textarea[data-editor]")) mount(textarea);
