import { splitBrokerAddress, type BrokerAddress } from './broker-address';
import type { DialogForm } from './dialog-form';
import { element } from './dom';
import { sharedText } from './text';
import { setTyped } from './typed-inputs';

/** In the order in which they are told. */
const PARTS = ['broker', 'port', 'transport', 'path'] as const;

/**
 * Let the field for the host take a whole address, and say under it what became of it.
 *
 * @param note where the words go
 */
export function brokerAddressField(form: DialogForm, note: JQuery): void {
  note.attr('aria-live', 'polite').prop('hidden', true);
  form.field('broker').on('change', () => {
    if (form.value('brokerType') === 'env') return;
    const address = splitBrokerAddress(form.value('broker'));
    if (!address) return;
    for (const part of PARTS) {
      const value = address[part];
      if (value !== undefined) setTyped(form, part, String(value));
    }
    note.empty().append(...sentences(address).map((text) => element('div', { text })));
    note.prop('hidden', false);
  });
}

function sentences(address: BrokerAddress): string[] {
  const told = PARTS.filter((part) => address[part] !== undefined).map((part) =>
    sharedText(`address.${part}`, { value: address[part] }),
  );
  const read = sharedText('address.split', { parts: told.join(', ') });
  return address.plainScheme ? [read, sharedText('address.plain', { scheme: address.plainScheme })] : [read];
}
