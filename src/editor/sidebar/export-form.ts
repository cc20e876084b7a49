import { ZIP_LAYOUTS } from '../../model/certificate-view';
import { button, element } from '../dom';
import { sidebarText } from './sidebar-text';

interface ExportOptions {
  download(layout: string, passphrase: string): Promise<void>;
  cancel(): void;
}

/** Files that can be encrypted; a device reads the others as they are. */
const ENCRYPTED: readonly string[] = ['pem', 'pkcs12'];

/** In which form a certificate and its private key are to be downloaded. */
export class ExportForm {
  readonly element: HTMLElement;

  constructor({ download, cancel }: ExportOptions) {
    const layout = element('select');
    layout.append(...ZIP_LAYOUTS.map((one) => new Option(sidebarText(`layout.${one}`), one)));
    layout.setAttribute('aria-label', sidebarText('export.layout'));
    const passphrase = element('input');
    passphrase.type = 'password';
    passphrase.autocomplete = 'new-password';
    passphrase.setAttribute('aria-label', sidebarText('export.passphrase'));
    const label = element('label', { text: sidebarText('export.passphrase') });
    const tip = element('p', { class: 'secure-mqtt-faint' });
    const press = button(sidebarText('export.press'), 'fa-download', () => {
      void download(layout.value, ENCRYPTED.includes(layout.value) ? passphrase.value : '');
    });
    const update = (): void => {
      const mayEncrypt = ENCRYPTED.includes(layout.value);
      for (const one of [label, passphrase]) one.hidden = !mayEncrypt;
      tip.textContent = sidebarText(`export.tip-${layout.value}`);
      press.disabled = layout.value === 'pkcs12' && passphrase.value === '';
      press.classList.toggle('disabled', press.disabled);
    };
    layout.addEventListener('change', update);
    passphrase.addEventListener('input', update);
    update();
    this.element = element(
      'div',
      { class: 'secure-mqtt-form-card' },
      element('p', { class: 'secure-mqtt-strong', text: sidebarText('export.title') }),
      layout,
      tip,
      label,
      passphrase,
      element(
        'div',
        { class: 'secure-mqtt-buttons' },
        press,
        button(sidebarText('action.cancel'), 'fa-times', () => cancel()),
      ),
    );
  }
}
