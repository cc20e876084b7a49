import { REVOCATION_REASONS } from '../../model/revocation-reason';
import { button, element } from '../dom';
import { sidebarText } from './sidebar-text';

interface RevokeOptions {
  name: string;
  /** What must be typed; empty when a click is enough. */
  confirm: string;
  revoke(reason: string, typed: string): void;
  cancel(): void;
}

/** Taking a hold back has a button of its own; a CA's key is not lost by a certificate it issued. */
const CHOICES = Object.keys(REVOCATION_REASONS).filter((reason) => !['removeFromCRL', 'cACompromise'].includes(reason));

/** Why a certificate is to be revoked, and its name where that stops something. */
export class RevokeForm {
  readonly element: HTMLElement;

  constructor({ name, confirm, revoke, cancel }: RevokeOptions) {
    const reason = element('select');
    reason.append(...CHOICES.map((one) => new Option(sidebarText(`reason.${one}`), one)));
    reason.setAttribute('aria-label', sidebarText('revoke.reason'));
    const typed = element('input');
    typed.type = 'text';
    typed.placeholder = confirm;
    typed.setAttribute('aria-label', sidebarText('revoke.type', { name: confirm }));
    const press = button(sidebarText('revoke.press'), 'fa-ban', () => revoke(reason.value, typed.value.trim()));
    const enable = (): void => {
      press.disabled = confirm !== '' && typed.value.trim() !== confirm;
      press.classList.toggle('disabled', press.disabled);
    };
    typed.addEventListener('input', enable);
    enable();
    this.element = element(
      'div',
      { class: 'secure-mqtt-form-card' },
      element('p', { class: 'secure-mqtt-strong', text: sidebarText('revoke.title', { name }) }),
      element('p', { text: sidebarText('revoke.tip') }),
      element('label', { text: sidebarText('revoke.reason') }),
      reason,
      ...(confirm === '' ? [] : [element('label', { text: sidebarText('revoke.type', { name: confirm }) }), typed]),
      element(
        'div',
        { class: 'secure-mqtt-buttons' },
        press,
        button(sidebarText('action.cancel'), 'fa-times', () => cancel()),
      ),
    );
  }
}
