import { CertificatesTab } from '../src/editor/sidebar/certificates-tab';
import { sidebarText } from '../src/editor/sidebar/sidebar-text';

const ID = 'certificates';
const ACTION = 'secure-mqtt:show-certificates';

RED.plugins.registerPlugin('certificates', {
  onadd() {
    const tab = new CertificatesTab();
    RED.sidebar.addTab({
      id: ID,
      label: sidebarText('tab.label'),
      name: sidebarText('tab.name'),
      iconClass: 'fa fa-certificate',
      content: tab.content,
      toolbar: tab.toolbar,
      // Who edits a node wants to look a certificate up.
      enableOnEdit: true,
      action: ACTION,
      onchange: () => tab.reload(),
    });
    RED.actions.add(ACTION, () => RED.sidebar.show(ID));
  },
});
