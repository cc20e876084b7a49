import { element } from './dom';
import { sharedText } from './text';

/** A part of a form that can be out of sight, and what stands for it then: the link of a tab, the heading of a section. */
export interface Hideable {
  content: Element;
  sign: Element;
}

/** What the editor gives to a field whose value its validator refuses. */
const WRONG = 'input-error';

/** Put a red dot on everything behind which a field is marked: whoever cannot see the field must find it. */
export function markMistakes(root: HTMLElement, parts: readonly Hideable[]): void {
  const update = (): void => {
    for (const { content, sign } of parts) {
      const dot = sign.querySelector('.secure-mqtt-mistake');
      const isWrong = [...content.getElementsByClassName(WRONG)].some((field) => applies(field, content));
      if (isWrong === Boolean(dot)) continue;
      if (dot) dot.remove();
      else sign.append(mistakeDot());
    }
  };
  // The editor marks fields by their class, at times of its own; rows come and go by `hidden`.
  new MutationObserver(update).observe(root, { subtree: true, attributeFilter: ['class', 'hidden'] });
  update();
}

/** A field in a row that does not apply keeps its mark and says nothing. */
function applies(field: Element, content: Element): boolean {
  for (let at: Element | null = field; at && at !== content; at = at.parentElement) {
    if (at instanceof HTMLElement && at.dataset.when !== undefined && at.hidden) return false;
  }
  return true;
}

function mistakeDot(): HTMLElement {
  const title = sharedText('form.mistake');
  const dot = element('span', { class: 'secure-mqtt-mistake', title });
  dot.setAttribute('role', 'img');
  dot.setAttribute('aria-label', title);
  return dot;
}
