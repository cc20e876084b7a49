import type { Clip, PhotoSession } from './photo-session';

export interface Picture {
  /** Of the browser's window. */
  size: { width: number; height: number };
  dark?: boolean;
  /** Do what the picture shows. @returns what to cut out; without it the whole window */
  pose: (session: PhotoSession) => Promise<Clip | undefined>;
}

/** Wide enough for the canvas between both sidebars. */
const FLOW = { width: 1900, height: 1500 };

/**
 * A tab of an example, cut to its nodes, after something was done in it.
 *
 * @param groups names of the groups to show; without them all
 */
function flow(
  label: string,
  act: (session: PhotoSession) => Promise<unknown> = async () => {},
  groups?: readonly string[],
): Picture {
  return {
    size: FLOW,
    async pose(session) {
      await session.show(label);
      await act(session);
      await session.settled();
      return session.canvas(label, groups);
    },
  };
}

/** The editor with few examples, as after the first steps of the README. */
const FIRST_STEPS: Record<string, Picture> = {
  editor: {
    size: { width: 1390, height: 620 },
    async pose(session) {
      await session.show('05 Talk TLS');
      await session.palette('secure mqtt');
      await session.sidebar('certificates');
      await session.tab('05 Talk TLS').shows('Node-RED writes', /green dot connected/);
      await session.settled();
      return undefined;
    },
  },
  'import-an-example': {
    size: { width: 1280, height: 700 },
    async pose(session) {
      await session.evaluate(`RED.actions.invoke('core:show-examples-import-dialog')`);
      await session.openExamples();
      return session.element('.ui-dialog:visible');
    },
  },
  'make-certificates': flow('01 Make the certificates', async (session) => {
    const tab = session.tab('01 Make the certificates');
    await tab.press('make all certificates');
    await tab.shows('write the files', /files/);
  }),
  'expiry-probe': flow('12 When does it expire', async (session) => {
    const tab = session.tab('12 When does it expire');
    await tab.press('now, and every day');
    await tab.shows('how long is it good?', /days left/);
  }),
  'ca-dialog': {
    size: { width: 1280, height: 820 },
    async pose(session) {
      await session.dialog('01 Make the certificates', 'Workshop CA');
      await session.page.waitForSelector('.secure-mqtt-card button');
      await session.settled();
      return session.tray();
    },
  },
  'broker-settings': {
    size: { width: 1280, height: 900 },
    async pose(session) {
      await session.dialog('05 Talk TLS', 'embedded broker as dev02');
      await session.page.click('#secure-mqtt-broker-tabs li:nth-child(2) a');
      await session.settled();
      return session.tray();
    },
  },
  'test-connection': {
    size: { width: 1280, height: 1100 },
    async pose(session) {
      await session.dialog('05 Talk TLS', 'embedded broker as dev02');
      await session.set('servername', 'raspberrypi.local');
      await session.testConnection();
      return session.element('.secure-mqtt-answer', 8);
    },
  },
};

/** All examples together. */
const WORKSHOP: Record<string, Picture> = {
  'certificates-sidebar': {
    size: { width: 1600, height: 1150 },
    dark: true,
    async pose(session) {
      const tab = session.tab('16 What expires next');
      await tab.press('make five certificates');
      await tab.shows('issue', /5 certificates/);
      await session.sidebar('certificates', { width: 520 });
      await session.page.click('.secure-mqtt-authority-line:has-text("Inventory CA")');
      await session.settled();
      return session.element('#red-ui-sidebar .red-ui-sidebar-section-top');
    },
  },
  'import-a-ca': {
    size: { width: 1280, height: 560 },
    async pose(session) {
      await session.newConfig('tls-ca');
      await session.set('source', 'import');
      await session.settled();
      return session.tray();
    },
  },
  'mosquitto-levels': flow('03 Mosquitto: the files', async (session) => {
    const tab = session.tab('03 Mosquitto: the files');
    await tab.press('make certificates and files');
    await tab.shows('03d: 4-mutual', /files/);
  }),
  'embedded-broker': {
    size: FLOW,
    async pose(session) {
      const label = '04 TLS broker inside';
      await session.show(label);
      await session.tab(label).shows('sensor01 measures', /green dot connected/);
      await session.settled();
      return session.canvas(label);
    },
  },
  'core-nodes': flow('06 Core nodes'),
  'access-rules': flow(
    '07 Who may use what',
    async (session) => {
      const tab = session.tab('07 Who may use what');
      await tab.press('dev01 writes dev01/status');
      await tab.press('dev01 writes dev02/status');
    },
    ['1  The broker and its rules', '2  Who may write what'],
  ),
  esp8266: flow(
    '08 ESP8266',
    async (session) => {
      const tab = session.tab('08 ESP8266');
      await tab.press('make the files of dev01');
      await tab.shows('dev01 publishes its status', /green dot connected/);
      await tab.press('the sensor measures');
    },
    [
      '1  A broker for the device',
      '2  Its certificate and its files',
      '3  The device (played by Node-RED with these files)',
      '4  Node-RED reads and answers',
    ],
  ),
  'thin-edge-gateway': flow('10 thin-edge.io gateway', undefined, [
    '1  Node-RED is the cloud',
    '2  Certificates and files of the gateway',
    '3  The gateway (a Mosquitto on this machine)',
  ]),
  'hono-components': flow('11 Hono components', undefined, [
    '1  One table, all components',
    '2  A tenant and its devices',
    '3  Hono, played by one server with many names',
  ]),
  'enrol-devices': flow('09 Enrol over MQTT', (session) => session.tab('09 Enrol over MQTT').press('device07 asks')),
  'why-tls-fails': flow('14 Find out why TLS fails', async (session) => {
    const tab = session.tab('14 Find out why TLS fails');
    await tab.press('the unencrypted MQTT port');
    await tab.shows('why?', /unencrypted/);
  }),
  'what-expires-next': flow('16 What expires next', (session) =>
    session.tab('16 What expires next').press('what ends within 90 days?'),
  ),
  'renew-while-it-runs': flow('17 Renew while it runs', async (session) => {
    const tab = session.tab('17 Renew while it runs');
    await tab.shows('the count', /: 0 missing/);
    await tab.press('renew sender and receiver');
    await tab.shows('renew', /certificates/);
  }),
  'revoke-a-device': flow('19 A stolen device', async (session) => {
    const tab = session.tab('19 A stolen device');
    await tab.press('make the certificates');
    await tab.shows('tracker01 tells', /green dot connected/);
    await tab.press('tracker01 is stolen');
    await tab.shows('tracker01 tells', /red/);
  }),
  'replace-the-ca': flow('20 Replace the root CA', (session) =>
    session.tab('20 Replace the root CA').press('step 1: a new key'),
  ),
};

/** Which pictures are taken of which Node-RED; the name is the name of the file. */
export const ALBUMS: readonly { examples?: string[]; pictures: Record<string, Picture> }[] = [
  { examples: ['01', '05', '12'], pictures: FIRST_STEPS },
  { pictures: WORKSHOP },
];
