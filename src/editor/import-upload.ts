import { AdminRefusal, refusalText, uploadToAdmin } from './admin-client';
import type { DialogForm } from './dialog-form';
import { button, element } from './dom';
import { sharedText } from './text';

/**
 * A button that sends a file of the person at the browser to Node-RED, where it waits for the deploy that imports it, and
 * writes its place into a field.
 *
 * @param place under the field
 */
export function importUpload(form: DialogForm, place: JQuery, field: string): void {
  const file = element('input');
  file.type = 'file';
  file.hidden = true;
  const note = element('span', { class: 'secure-mqtt-quiet' });
  note.setAttribute('aria-live', 'polite');
  const choose = button(sharedText('import.upload'), 'fa-upload', () => file.click());
  let latest: File | undefined;
  file.addEventListener('change', () => {
    const [chosen] = file.files ?? [];
    // The same file again is a change, too.
    file.value = '';
    if (!chosen) return;
    latest = chosen;
    note.textContent = '';
    // Whoever goes on before the file is there imports nothing, and not what was chosen before.
    form.field(field).val('').trigger('change');
    void send(chosen).then(({ path, text }) => {
      // A large file may arrive after a small one that was chosen later.
      if (latest !== chosen) return;
      if (path) form.field(field).val(path).trigger('change');
      note.textContent = text;
    });
  });
  place.addClass('secure-mqtt-buttons').append(choose, file, note);
}

async function send(chosen: File): Promise<{ path?: string; text: string }> {
  try {
    const { path } = await uploadToAdmin<{ path: string }>('imports', chosen);
    return { path, text: sharedText('import.uploaded', { file: chosen.name }) };
  } catch (error) {
    if (!(error instanceof AdminRefusal)) throw error;
    return { text: refusalText(error.refusal) };
  }
}
