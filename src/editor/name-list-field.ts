import { SUBJECT_ALT_NAME_TYPES } from '../model/subject-alt-name';
import { element } from './dom';
import { guessNameType, readNameList, writeNameList, type NameEntry } from './name-list';
import { sharedText } from './text';

/** The editable list over a hidden field that holds the names of a certificate as JSON text. */
export class NameListField {
  /** Lines as the list widget holds them. */
  private readonly rows = new Set<{ kind: HTMLSelectElement; text: HTMLInputElement }>();

  /**
   * @param list the `<ol>` that becomes the list
   * @param store the field with the JSON text; it changes with every keystroke, so that validators see it
   */
  constructor(
    private readonly list: JQuery,
    private readonly store: JQuery,
  ) {
    list.editableList({
      addButton: sharedText('names.add'),
      removable: true,
      sortable: true,
      height: 'auto',
      addItem: (row, _index, entry: Partial<NameEntry>) => this.addRow(row, entry),
      sortItems: () => this.save(),
    });
    // The list calls back only when a removed line has faded out; whoever presses Done before would keep it.
    list.on('click', '.red-ui-editableList-item-remove', () => this.save());
  }

  /**
   * Show what the store holds.
   *
   * @returns false when that is no such list; nothing is changed then
   */
  load(): boolean {
    const entries = readNameList(String(this.store.val() ?? ''));
    if (!entries) return false;
    this.rows.clear();
    this.list.editableList('empty');
    // One empty line shows what is wanted; it is not stored.
    for (const entry of entries.length > 0 ? entries : [{ type: 'dns', value: '' }]) {
      this.list.editableList('addItem', entry);
    }
    return true;
  }

  private addRow(row: JQuery, entry: Partial<NameEntry>): void {
    const kind = element('select', { title: sharedText('names.kind') });
    for (const type of SUBJECT_ALT_NAME_TYPES) {
      const option = element('option', { text: sharedText(`names.${type}`) });
      option.value = type;
      kind.append(option);
    }
    const text = element('input');
    text.type = 'text';
    kind.value = entry.type ?? 'dns';
    text.value = entry.value ?? '';
    const placeholder = (): void => {
      text.placeholder = sharedText(`names.${kind.value}-example`);
      text.setAttribute('aria-label', sharedText(`names.${kind.value}`));
    };
    placeholder();
    kind.addEventListener('change', () => {
      placeholder();
      this.save();
    });
    text.addEventListener('input', () => this.save());
    text.addEventListener('paste', (event) => this.guess(event, kind, text));
    const line = { kind, text };
    this.rows.add(line);
    row.append(kind, text);
    if (entry.value === undefined) setTimeout(() => text.focus(), 0);
  }

  /** A pasted address or URI chooses its own kind in an empty line. */
  private guess(event: ClipboardEvent, kind: HTMLSelectElement, text: HTMLInputElement): void {
    const type = text.value === '' ? guessNameType(event.clipboardData?.getData('text').trim() ?? '') : undefined;
    if (!type) return;
    kind.value = type;
    kind.dispatchEvent(new Event('change'));
  }

  /** Lines in the order they stand in the page; removed ones are fading out or gone. */
  private save(): void {
    const shown = [...this.rows].filter(
      ({ text }) => text.isConnected && !text.closest('.red-ui-editableList-item-deleting'),
    );
    shown.sort((a, b) => (a.text.compareDocumentPosition(b.text) & Node.DOCUMENT_POSITION_FOLLOWING ? -1 : 1));
    const json = writeNameList(shown.map(({ kind, text }) => ({ type: kind.value, value: text.value })));
    if (json !== this.store.val()) this.store.val(json).trigger('change');
  }
}
