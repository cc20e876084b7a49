import { SKETCH_LAYOUTS, zipLayoutsFor, type ZipLayout } from '../../model/certificate-view';
import { button, element } from '../dom';
import { sidebarText } from './sidebar-text';

interface ExportOptions {
  /** Of the certificate. */
  profile: string;
  download(body: { layout: string; passphrase: string; brokerHost?: string }): Promise<void>;
  cancel(): void;
}

/** Files that can be encrypted; a device reads the others as they are. */
const ENCRYPTED: readonly string[] = ['pem', 'pkcs12'];

/** In which form a certificate and its private key are to be downloaded. */
export class ExportForm {
  readonly element: HTMLElement;

  constructor({ profile, download, cancel }: ExportOptions) {
    const layout = element('select');
    layout.append(...zipLayoutsFor(profile).map((one) => new Option(sidebarText(`layout.${one}`), one)));
    layout.setAttribute('aria-label', sidebarText('export.layout'));
    const passphrase = element('input');
    passphrase.type = 'password';
    passphrase.autocomplete = 'new-password';
    passphrase.setAttribute('aria-label', sidebarText('export.passphrase'));
    const label = element('label', { text: sidebarText('export.passphrase') });
    const broker = element('input');
    broker.type = 'text';
    broker.placeholder = 'mosquitto.local';
    broker.setAttribute('aria-label', sidebarText('export.broker'));
    const brokerLabel = element('label', { text: sidebarText('export.broker') });
    const tip = element('p', { class: 'secure-mqtt-faint' });
    const isSketch = (): boolean => SKETCH_LAYOUTS.includes(layout.value as ZipLayout);
    const press = button(sidebarText('export.press'), 'fa-download', () => {
      void download({
        layout: layout.value,
        passphrase: ENCRYPTED.includes(layout.value) ? passphrase.value : '',
        ...(isSketch() && { brokerHost: broker.value.trim() }),
      });
    });
    const update = (): void => {
      const mayEncrypt = ENCRYPTED.includes(layout.value);
      for (const one of [label, passphrase]) one.hidden = !mayEncrypt;
      for (const one of [brokerLabel, broker]) one.hidden = !isSketch();
      tip.textContent = sidebarText(`export.tip-${isSketch() ? 'sketch' : layout.value}`);
      const lacksPassphrase = layout.value === 'pkcs12' && passphrase.value === '';
      press.disabled = lacksPassphrase || (isSketch() && broker.value.trim() === '');
      press.classList.toggle('disabled', press.disabled);
    };
    layout.addEventListener('change', update);
    for (const one of [passphrase, broker]) one.addEventListener('input', update);
    update();
    this.element = element(
      'div',
      { class: 'secure-mqtt-form-card' },
      element('p', { class: 'secure-mqtt-strong', text: sidebarText('export.title') }),
      layout,
      tip,
      brokerLabel,
      broker,
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
