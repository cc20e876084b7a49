import assert from 'node:assert/strict';
import { peerProtocol, showBytes } from '../../../src/tls/peer-protocol';

describe('peer protocol', () => {
  const rows: [first: string, protocol: string | undefined][] = [
    ['HTTP/1.1 400 Bad Request', 'HTTP'],
    ['<!DOCTYPE html>', 'HTTP'],
    ['SSH-2.0-OpenSSH_9', 'SSH'],
    ['220 mx ESMTP Postfix', 'SMTP'],
    ['220 ProFTPD FTP server', 'FTP'],
    ['220 hello', 'SMTP or FTP'],
    ['* OK IMAP4', 'IMAP'],
    ['+OK ready', 'POP3'],
    ['AMQP\u0000\u0001\u0000\u0000', 'AMQP'],
    ['RFB 003.008', 'VNC'],
    ['-ERR unknown command', 'Redis'],
    ['\u004a\u0000\u0000\u0000\u000a8.0.36', 'MySQL'],
    ['\u0020\u0002\u0000\u0000', 'MQTT'],
    ['\u0020\u0002\u0000\u0005', 'MQTT'],
    ['\u0020\u0003\u0000\u0087\u0000', 'MQTT'],
    ['hello', undefined],
    ['', undefined],
    ['\u0020', undefined],
  ];
  for (const [first, protocol] of rows) {
    it(`${JSON.stringify(first)} is ${protocol ?? 'unknown'}`, () => {
      assert.equal(peerProtocol(Buffer.from(first, 'latin1')), protocol);
    });
  }

  it('shows text as text, anything else in hex, never much', () => {
    assert.equal(showBytes(Buffer.from('hello\r\n')), '"hello"');
    assert.equal(showBytes(Buffer.from('00ff', 'hex')), '00ff');
    assert.ok(showBytes(Buffer.alloc(64, 0x41)).length < 30);
  });
});
