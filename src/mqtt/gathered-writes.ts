import type { Writable } from 'node:stream';

/**
 * Send what is written in one turn of the event loop together. A broker answers each of many messages that have come at
 * once; aedes writes each answer in a step of its own, and each would be a TLS record and a system call: a fifth of its
 * CPU (docs/performance.md).
 *
 * mqtt-packet corks the stream for each packet until the next tick (`writeToStream.js`); here the first of them keeps it
 * corked until all steps of the turn are done. Order and back pressure are those of the stream.
 */
export function gatherWrites(stream: Writable): void {
  const cork = stream.cork.bind(stream);
  let gathering = false;
  stream.cork = () => {
    if (!gathering) {
      gathering = true;
      cork();
      setImmediate(() => {
        gathering = false;
        stream.uncork();
      });
    }
    cork();
  };
}
