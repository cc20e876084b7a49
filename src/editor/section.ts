import { markMistakes, type Hideable } from './mistake-marks';

/**
 * Turn `<div class="secure-mqtt-section"><h4>…</h4><div>…</div></div>` into parts that fold.
 *
 * A section is open at first when it carries `data-open` or when one of its text fields holds something, so that nothing
 * that was set is out of sight. The heading becomes a button: keyboards and screen readers know what it is.
 */
export function makeSections(root: JQuery): void {
  const parts: Hideable[] = [];
  for (const section of root.find('.secure-mqtt-section').get()) {
    const heading = section.querySelector('h4');
    const body = heading?.nextElementSibling;
    if (!(heading instanceof HTMLElement) || !(body instanceof HTMLElement)) continue;
    const button = document.createElement('button');
    button.type = 'button';
    button.className = 'secure-mqtt-section-heading';
    const chevron = document.createElement('i');
    chevron.className = 'fa fa-chevron-right';
    // The editor translates the form after this, by the attribute.
    const title = document.createElement('span');
    title.dataset.i18n = heading.dataset.i18n;
    button.append(chevron, title);
    parts.push({ content: body, sign: button });
    heading.replaceWith(button);
    body.classList.add('secure-mqtt-section-body');
    const show = (open: boolean): void => {
      body.hidden = !open;
      button.setAttribute('aria-expanded', String(open));
      section.classList.toggle('secure-mqtt-section-open', open);
    };
    button.addEventListener('click', () => show(Boolean(body.hidden)));
    show(section.dataset.open !== undefined || holdsSomething(body));
  }
  const [form] = root.get();
  if (form && parts.length > 0) markMistakes(form, parts);
}

function holdsSomething(body: HTMLElement): boolean {
  const fields = body.querySelectorAll<HTMLInputElement>('input[type="text"], textarea');
  return [...fields].some((field) => field.value !== '' && field.dataset.default !== field.value);
}
