import { isCodedError } from '../model/errors';
import { readInventoryQuery } from '../model/inventory-query';

/** The fields of a query to the inventory, over a hidden field that holds it as JSON text. */
export class QueryFields {
  private readonly fields: JQuery;

  /**
   * @param place with a field for each member of the query, named by its `data-query`
   * @param store the field with the JSON text; it changes with every keystroke, so that validators see it
   */
  constructor(
    place: JQuery,
    private readonly store: JQuery,
  ) {
    this.fields = place.find('[data-query]');
    this.fields.on('input change', () => this.save());
  }

  /**
   * Show what the store holds.
   *
   * @returns false when there is no field for something of it; nothing is changed then
   */
  load(): boolean {
    const query = readQueryText(String(this.store.val() ?? ''));
    if (!query) return false;
    const names = this.fields.get().map((field) => field.dataset.query ?? '');
    if (!Object.keys(query).every((name) => names.includes(name))) return false;
    for (const field of this.fields.get()) $(field).val(String(query[field.dataset.query ?? ''] ?? ''));
    this.mark(query);
    return true;
  }

  private save(): void {
    const query: Record<string, unknown> = {};
    for (const field of this.fields.get() as HTMLInputElement[]) {
      const text = field.value.trim();
      // What is no number stays what was typed: it is marked.
      if (text !== '') query[field.dataset.query ?? ''] = valueOf(field, text);
    }
    this.mark(query);
    const json = JSON.stringify(query);
    if (json !== this.store.val()) this.store.val(json).trigger('change');
  }

  /** The hidden field would be marked out of sight. */
  private mark(query: Record<string, unknown>): void {
    let wrong: unknown;
    try {
      readInventoryQuery(query);
    } catch (error) {
      if (!isCodedError(error)) throw error;
      wrong = error.cause.field;
    }
    for (const field of this.fields.get()) field.classList.toggle('input-error', field.dataset.query === wrong);
  }
}

function valueOf({ type, dataset }: HTMLInputElement, text: string): string | number | boolean {
  if (dataset.kind === 'boolean') return text === 'true';
  return type === 'number' ? Number(text) : text;
}

/** An object, or undefined when the text is none. */
function readQueryText(text: string): Record<string, unknown> | undefined {
  try {
    const query: unknown = JSON.parse(text.trim() || '{}');
    return typeof query === 'object' && query !== null && !Array.isArray(query)
      ? (query as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}
