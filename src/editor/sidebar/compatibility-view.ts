import type { CertificateDetails } from '../../model/certificate-view';
import { compatibilityTable } from '../compatibility-table';
import { element } from '../dom';
import { sharedText } from '../text';

/** Which devices and programs can use the certificate that is shown. */
export function compatibilityView({ compatibility }: CertificateDetails): HTMLElement {
  const title = element('h5', { text: sharedText('compatibility.title') });
  return element('div', {}, title, compatibilityTable(compatibility));
}
