import { markMistakes } from './mistake-marks';

/**
 * Node-RED's tabs over the parts of a form; a tab behind which a field is marked carries a red dot.
 *
 * @param listId id of the empty `<ul>` that becomes the tab bar
 * @param parts for each tab the id of its content and its label, in order
 */
export function makeTabs(listId: string, parts: readonly { id: string; label: string }[]): void {
  const tabs = RED.tabs.create({
    id: listId,
    onchange: (shown) => {
      for (const { id } of parts) $(`#${id}`).prop('hidden', id !== shown.id);
    },
  });
  for (const part of parts) tabs.addTab(part);
  const signs = parts.flatMap(({ id }) => {
    const content = document.getElementById(id);
    const sign = document.querySelector(`#${listId} a[href="#${id}"]`);
    return content && sign ? [{ content, sign }] : [];
  });
  const form = document.getElementById(listId)?.closest<HTMLElement>('.secure-mqtt-form');
  if (form) markMistakes(form, signs);
  // The bar measures itself, which it can do only once the tray has its width.
  setTimeout(() => tabs.resize(), 0);
}
