/* eslint-disable no-control-regex -- binary protocols are recognised by their control characters */

/** How the first bytes of a server give its protocol away. Latin-1 text of at most 64 bytes is matched. */
const SIGNS: readonly [RegExp, string][] = [
  [/^HTTP\/\d/, 'HTTP'],
  [/^<(!doctype )?html/i, 'HTTP'],
  [/^SSH-/, 'SSH'],
  [/^220[ -].*(smtp|mail|postfix|exim|sendmail)/is, 'SMTP'],
  [/^220[ -].*ftp/is, 'FTP'],
  [/^220[ -]/, 'SMTP or FTP'],
  [/^\* (OK|PREAUTH|BYE)/, 'IMAP'],
  [/^\+OK/, 'POP3'],
  [/^RTSP\//, 'RTSP'],
  [/^AMQP/, 'AMQP'],
  [/^RFB \d/, 'VNC'],
  [/^-ERR|^-NOAUTH|^\+PONG/, 'Redis'],
  [/^INFO \{/, 'NATS'],
  // A greeting packet: three bytes of length, sequence 0, protocol 10.
  [/^[^]{3}\u0000\u000a\d/, 'MySQL'],
  [/^\u0003\u0000\u0000[^]\u000e/, 'RDP'],
  // CONNACK, MQTT 3.1.1 (two bytes follow) and 5 (more).
  [/^\u0020[\u0002-\u007f][\u0000\u0001][\u0000-\u0005\u0080-\u009f]/, 'MQTT'],
];

/**
 * The protocol of a server that does not speak TLS.
 *
 * @param firstBytes what it sent first
 * @returns a name for messages, undefined when nothing fits
 */
export function peerProtocol(firstBytes: Buffer): string | undefined {
  const text = firstBytes.toString('latin1');
  return SIGNS.find(([sign]) => sign.test(text))?.[1];
}

/** The first bytes for a message: printable text as text, anything else in hex. */
export function showBytes(firstBytes: Buffer): string {
  const part = firstBytes.subarray(0, 24);
  const text = part.toString('latin1');
  return /^[\u0020-\u007e\r\n\t]+$/.test(text) ? JSON.stringify(text.trim()) : part.toString('hex');
}
