/** Small builders; texts always go in as text, never as HTML. */

interface Attributes {
  class?: string;
  text?: string;
  title?: string;
}

export function element<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  { class: className, text, title }: Attributes = {},
  ...children: (Node | undefined)[]
): HTMLElementTagNameMap[Name] {
  const made = document.createElement(name);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  if (title !== undefined) made.title = title;
  made.append(...children.filter((child) => child !== undefined));
  return made;
}

/** A button that looks like a link: it leads somewhere and changes nothing. */
export function linkButton(label: string, icon: string, onClick: () => void): HTMLButtonElement {
  const made = element('button', { class: 'secure-mqtt-link' }, element('i', { class: `fa ${icon}` }));
  made.type = 'button';
  made.append(` ${label}`);
  made.addEventListener('click', onClick);
  return made;
}

/** A button in the editor's look; not a submit button, so that Enter in a field never presses it. */
export function button(label: string, icon: string, onClick: () => void): HTMLButtonElement {
  const made = element('button', { class: 'red-ui-button' }, element('i', { class: `fa ${icon}` }));
  made.type = 'button';
  made.append(` ${label}`);
  made.addEventListener('click', onClick);
  return made;
}
