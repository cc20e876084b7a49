import { AdminRefusal, askAdmin } from './admin-client';
import { runsNow } from './deployed-node';
import type { DialogForm } from './dialog-form';
import { element } from './dom';
import { visibleField } from './typed-inputs';

/** What the route `authorities/<id>/names` answers: common names of valid certificates, the last issued first. */
interface KnownNames {
  total: number;
  names: string[];
}

/** Suggest the names that the chosen CA has issued, as the browser's own list under a text field. */
export function suggestNames(form: DialogForm, field: string): void {
  const list = suggestionList(form, field);
  form.field(field).attr('list', list.id).after(list);
}

/** The same for a typed input, while it holds a text. */
export function suggestTypedNames(form: DialogForm, field: string): void {
  const list = suggestionList(form, field);
  const visible = visibleField(form, field);
  visible.after(list);
  form.watch([field, `${field}Type`], () => {
    visible.attr('list', form.value(`${field}Type`) === 'str' ? list.id : null);
  });
}

function suggestionList(form: DialogForm, field: string): HTMLDataListElement {
  const list = element('datalist');
  list.id = `secure-mqtt-names-of-${field}`;
  let shownFor = '';
  form.watch(['ca'], () => {
    const id = form.value('ca');
    // While a dialog opens the selector is empty for a moment; what is suggested stays until there is something better.
    if (id === '' || id === shownFor) return;
    shownFor = id;
    void fill(list, id);
  });
  return list;
}

async function fill(list: HTMLDataListElement, id: string): Promise<void> {
  // A CA that was not deployed yet has no names to suggest; whoever needs the reason opens its dialog.
  if (!runsNow(id)) {
    list.replaceChildren();
    return;
  }
  try {
    const { names } = await askAdmin<KnownNames>(`authorities/${encodeURIComponent(id)}/names`);
    list.replaceChildren(
      ...names.map((name) => {
        const option = element('option');
        option.value = name;
        return option;
      }),
    );
  } catch (error) {
    if (!(error instanceof AdminRefusal)) throw error;
    list.replaceChildren();
  }
}
