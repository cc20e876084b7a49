import { button, element } from './dom';
import { sharedText } from './text';

/** What the editor puts into a field for a secret that is stored: the secret itself never leaves the runtime. */
export const STORED_SECRET = '__PWRD__';

/**
 * A secret of several lines (a PEM key, a list of users) over a hidden field, because a password field drops line ends.
 *
 * While one is stored it only says so and offers to replace or remove it.
 *
 * @param place where it goes in the form
 * @param field the hidden field of the credential
 */
export function secretTextField(place: JQuery, field: JQuery, placeholder: string): void {
  const area = element('textarea');
  area.placeholder = placeholder;
  area.spellcheck = false;
  area.autocomplete = 'off';
  area.rows = 4;
  area.setAttribute('aria-label', placeholder);
  const note = element('span', { text: sharedText('secret.stored') });
  const write = (value: string): void => {
    field.val(value).trigger('change');
  };
  const replace = button(sharedText('secret.replace'), 'fa-pencil', () => {
    write('');
    area.focus();
  });
  const show = (): void => {
    const stored = field.val() === STORED_SECRET;
    area.hidden = stored;
    note.hidden = replace.hidden = !stored;
    if (!stored && area.value !== field.val()) area.value = String(field.val() ?? '');
  };
  area.addEventListener('input', () => field.val(area.value).trigger('change'));
  field.on('change', show);
  place.addClass('secure-mqtt-secret').append(note, replace, area);
  show();
}
