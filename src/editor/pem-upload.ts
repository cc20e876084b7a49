import type { DialogForm } from './dialog-form';
import { button, element } from './dom';
import { pemBlocks } from './pem-blocks';
import { sharedText } from './text';

/** As much as the runtime reads of a PEM file in a flow; certificates with their chain have some kilobytes. */
const LARGEST_BYTES = 256 * 1024;
/** DER: a SEQUENCE with a long length, as every certificate and every PKCS#12 file begins. */
const DER_START = 0x30;

interface Upload {
  /** The property for the certificates; without one only a key is taken. */
  certificates?: string;
  /** The credential for the private key; without one a key is left out. */
  secretKey?: string;
  /** Name of the field, for screen readers. */
  label: string;
}

/**
 * A button that fills fields from a PEM file of the person at the browser. Nothing is sent before the flow is deployed.
 *
 * @param place under the field
 */
export function pemUpload(form: DialogForm, place: JQuery, upload: Upload): void {
  const file = element('input');
  file.type = 'file';
  file.accept = '.pem,.crt,.cer,.key,.txt';
  file.hidden = true;
  const note = element('span', { class: 'secure-mqtt-quiet' });
  note.setAttribute('aria-live', 'polite');
  const choose = button(sharedText('upload.pem'), 'fa-upload', () => file.click());
  choose.setAttribute('aria-label', sharedText('upload.label', { label: upload.label }));
  file.addEventListener('change', () => {
    const [chosen] = file.files ?? [];
    // The same file again is a change, too.
    file.value = '';
    if (chosen) void take(form, upload, chosen).then((text) => (note.textContent = text));
  });
  place.addClass('secure-mqtt-buttons').append(choose, file, note);
}

/** @returns what became of it */
async function take(form: DialogForm, { certificates, secretKey }: Upload, chosen: File): Promise<string> {
  const file = chosen.name;
  if (chosen.size > LARGEST_BYTES) return sharedText('upload.large', { file });
  const bytes = new Uint8Array(await chosen.arrayBuffer());
  if (/\.(p12|pfx)$/i.test(file)) return sharedText('upload.pkcs12', { file });
  const found = bytes[0] === DER_START ? undefined : pemBlocks(new TextDecoder().decode(bytes));
  const useful = (certificates && found?.certificates) || (secretKey && found?.secretKeys);
  if (!found || !useful) return sharedText('upload.binary', { file });
  if (certificates && found.certificates) form.field(certificates).val(found.certificates).trigger('change');
  if (secretKey && found.secretKeys) form.field(secretKey).val(found.secretKeys).trigger('change');
  if (found.secretKeys && !secretKey) return sharedText('upload.keyLeftOut', { file });
  const both = certificates && secretKey && found.certificates && found.secretKeys;
  return sharedText(both ? 'upload.parts' : 'upload.read', { file });
}
