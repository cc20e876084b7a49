import type { ConnectionOptions, DetailedPeerCertificate } from 'node:tls';
import { codedError } from '../model/errors';
import type { Clock } from '../model/clock';
import { judgePeerRevocation } from './peer-revocation';
import { secureConnectOptions } from './secure-options';
import { completeMaterial, type TlsMaterialParts } from './tls-material';

/** Everything that makes a connection secure; where to connect is not in it. */
export type LibraryOptions = Pick<
  ConnectionOptions,
  'secureContext' | 'rejectUnauthorized' | 'servername' | 'ALPNProtocols' | 'checkServerIdentity'
>;

/**
 * TLS options for a library that calls `tls.connect` by itself, so that `secure-connection.ts` cannot judge the open
 * connection before the first byte.
 *
 * Names, pins and revocation are judged in `checkServerIdentity`, which Node calls on every full handshake whose chain
 * is verified, before any application byte. Node skips it when the chain is not verified (`verifyServer` off) and on a
 * resumed session; no session is given here. So what needs the judgement although the server is not verified is
 * refused.
 *
 * @param host the name to verify when the material sets none
 * @throws INPUT_PIN for a pin without verification; KEY_MISMATCH, CERT_WEAK … as {@link secureConnectOptions}
 */
export function libraryConnectOptions(parts: TlsMaterialParts, host: string, clock: Clock): LibraryOptions {
  const material = completeMaterial(parts);
  if (!material.verifyServer && material.pins.length > 0) throw pinWithoutVerification();
  const { secureContext, rejectUnauthorized, servername, ALPNProtocols, checkServerIdentity } = secureConnectOptions(
    material,
    host,
    0,
  );
  return {
    secureContext,
    rejectUnauthorized,
    ...(servername === undefined ? {} : { servername }),
    ...(ALPNProtocols === undefined ? {} : { ALPNProtocols }),
    checkServerIdentity: (name, peer) => {
      try {
        return (
          checkServerIdentity?.(name, peer) ??
          judgePeerRevocation(peer as DetailedPeerCertificate, material, clock.now())
        );
      } catch (error) {
        // Node lets an exception end the process here; what cannot be judged is refused.
        return error as Error;
      }
    },
  };
}

function pinWithoutVerification(): Error {
  return codedError(
    'INPUT_PIN',
    'a pin is set while "Verify server certificate" is off, and core nodes can enforce a pin only on a verified server',
    { field: 'pin' },
    'Tick "Verify server certificate", or remove the pin',
  );
}
