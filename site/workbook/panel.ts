/** The panel 'On this machine' of a lab's page. Drawn whole by the server, so that nothing moves when its script runs. */
import type { PlacedBuiltLab } from '../../labs/course-schema.ts';
import type { Standing } from './events.ts';

/**
 * @param standing decides what is there from the first moment on; the script shows the rest.
 * @param mayAct false: the page was reached from another site, and has no token. Its panel says how to get on.
 */
export function renderPanel({ lab, path }: PlacedBuiltLab, standing: Standing, mayAct: boolean): string {
  const isStarted = standing.state !== 'not started';
  const open = `<section class="workbook no-print" aria-labelledby="this-machine" data-lab="${escapeHtml(lab.slug)}">
<div class="workbook-head"><h3 id="this-machine">On this machine</h3><p class="standing label">${escapeHtml(standing.words)}</p></div>`;
  if (!mayAct) {
    return `${open}<p class="said">A link of another site led here, and such a page may not run anything.
<a href="">Open this page from here</a> to work on the lab.</p></section>`;
  }
  const rows = lab.checkpoints.map(
    ({ id, sentence }) =>
      `<li data-checkpoint="${escapeHtml(id)}"><code>${escapeHtml(id)}</code> <span class="sentence">${escapeHtml(sentence)}</span></li>`,
  );
  return `${open}
<noscript><p class="said">These buttons need script. The commands below do the same.</p></noscript>
<div class="acts" role="group" aria-label="Your attempt">
${button('start', 'Start')}${button('test', 'Test')}${button('watch', 'Watch')}${button('cancel', 'Cancel')}${button('hint', 'Hint')}${button('diff', 'Compare with the solution')}${button('reset', 'Reset')}
</div>
<div class="files"${standing.files.length > 0 ? '' : ' hidden'}><label><span class="hidden-text">File of your attempt</span><select></select></label>${button('edit', 'Open in editor')}
<label class="all"><input type="checkbox"> go on after the first red one</label></div>
<p class="said" role="status">${isStarted ? '&nbsp;' : START}</p>
<div class="shown" hidden></div>
<div class="results"${isStarted ? '' : ' hidden'}><p class="summary" role="status"></p><ol>${rows.join('')}</ol></div>
<details class="printed" hidden><summary>What your code printed</summary><pre tabindex="0"></pre></details>
<dialog class="question" aria-label="A question"><p></p>
<form method="dialog" class="acts"><button type="submit" value="no" class="act" autofocus>No</button><button type="submit" value="yes" class="act">Yes</button></form></dialog>
<dialog class="begin-again" aria-label="Begin again"><p>Begin again from the starter? Your attempt is not lost: it moves to <code>${escapeHtml(path)}/.attempts/</code>.</p>
<form method="dialog" class="acts"><button type="submit" value="no" class="act" autofocus>Keep it</button><button type="submit" value="yes" class="act">Begin again</button></form></dialog>
</section>`;
}

const START = 'Start copies the starter; the copy is yours, and is judged here.';

/** Shown by the script once it knows what makes sense. */
function button(act: string, words: string): string {
  return `<button type="button" class="act" data-act="${act}" hidden>${words}</button>`;
}

function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
