import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { Users } from '../../src/mqtt/server-admission';
import { startBrowser } from '../support/browser';
import { snippet } from '../support/cookbook';
import { EmbeddedServers } from '../support/embedded-server';
import { CHECKOUT } from '../support/runtimes';

/** What pages load from the web; here it is the same file from the package. */
const MQTT_FOR_BROWSERS = readFileSync(path.join(CHECKOUT, 'node_modules/mqtt/dist/mqtt.min.js'));

/** Runs in the page: publishes to itself, and answers with what came back or with the problem. */
const EXCHANGE = `(url, options) => new Promise((resolve) => {
  const client = mqtt.connect(url, { reconnectPeriod: 0, ...options });
  const end = (outcome) => { resolve(outcome); client.end(true); };
  client.on('error', (error) => end({ error: String(error) }));
  client.on('close', () => end({ error: 'closed' }));
  client.on('message', (topic, payload) => end({ topic, payload: payload.toString() }));
  client.on('connect', () => client.subscribe('page', { qos: 1 }, () => client.publish('page', 'hello', { qos: 1 })));
})`;

describe('a web page in Chromium and the embedded server', () => {
  let servers: EmbeddedServers;
  const browsers = new Set<Browser>();
  let web: http.Server;

  before(async () => {
    servers = await EmbeddedServers.withNewAuthority();
    web = http.createServer((request, response) => {
      if (request.url === '/index.html') {
        response.setHeader('Content-Type', 'text/html');
        response.end(snippet('browsers.md', 'index.html'));
        return;
      }
      const isScript = request.url === '/mqtt.js' || request.url === '/mqtt.min.js';
      response.setHeader('Content-Type', isScript ? 'text/javascript' : 'text/html');
      response.end(
        isScript ? MQTT_FOR_BROWSERS : '<!doctype html><link rel="icon" href="data:,"><script src="/mqtt.js"></script>',
      );
    });
    web.listen(0, '127.0.0.1');
    await once(web, 'listening');
  });
  afterEach(async () => {
    for (const browser of browsers) await browser.close();
    browsers.clear();
    await servers.stop();
  });
  after(async () => {
    web.closeAllConnections();
    web.close();
    await servers.release();
  });

  const password = { security: 'server' as const, users: Users.parse('page:secret') };

  /** A page of `localhost`; trusting stands for a browser into which a person has imported the CA. */
  async function pageOf({ trusting }: { trusting: boolean }): Promise<Page> {
    const browser = await startBrowser(trusting ? ['--ignore-certificate-errors'] : []);
    browsers.add(browser);
    const page = await browser.newPage();
    await page.goto(`http://localhost:${(web.address() as AddressInfo).port}/`);
    return page;
  }
  const exchange = (page: Page, wsPort: number | undefined, options: object = {}): Promise<unknown> =>
    page.evaluate(`(${EXCHANGE})('wss://localhost:${wsPort}/mqtt', ${JSON.stringify(options)})`);

  it('exchange messages with MQTT.js, user name and password', async () => {
    const { wsPort } = await servers.start({ wsPort: 0, ...password });
    const page = await pageOf({ trusting: true });
    const options = { clientId: 'page', username: 'page', password: 'secret' };
    assert.deepEqual(await exchange(page, wsPort, options), { topic: 'page', payload: 'hello' });
    assert.equal((await servers.event('connected', 'page')).identity, 'page');
    assert.match(JSON.stringify(await exchange(page, wsPort, { ...options, password: 'x' })), /Bad username/i);
  });

  it('talk as the page of the cookbook does', async () => {
    const { wsPort } = await servers.start({ wsPort: 0, ...password });
    const page = await pageOf({ trusting: true });
    const settings = new URLSearchParams({ broker: `wss://localhost:${wsPort}`, user: 'page', password: 'secret' });
    await page.goto(new URL(`/index.html#${settings}`, page.url()).href);
    await page.waitForFunction(
      `document.getElementById('messages').textContent === 'page/hello hello from the page\\n'`,
    );
    assert.equal(await page.textContent('#state'), 'connected');
  });

  it('do not talk while the browser does not trust the CA, and the server says so', async () => {
    const { wsPort } = await servers.start({ wsPort: 0, ...password });
    const page = await pageOf({ trusting: false });
    assert.match(JSON.stringify(await exchange(page, wsPort)), /error/);
    assert.match((await servers.event('refused')).message ?? '', /does not trust its CA/);
  });
});
