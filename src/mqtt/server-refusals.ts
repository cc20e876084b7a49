import { codedError, type CodedError } from '../model/errors';
import { MOST_CONNECTIONS_OF_ONE } from './server-client-ids';
import { MOST_CONNECTIONS } from './server-crowd';
import { MOST_FAILURES_OF_ONE } from './server-failures';
import { MOST_FILTERS } from './server-filters';
import { MOST_RETAINED } from './server-retained';
import { MOST_KEPT } from './server-session';

/** Why the server does not let somebody in, or does not keep something for him: for events, so without secrets. */
export function tooMuchRetained(clientId: string): CodedError {
  return codedError(
    'MQTT_PUBLISH',
    `a message of the client was delivered, but there is no room to retain it (${MOST_RETAINED} messages, 64 MiB)`,
    { clientId: clientId.slice(0, 100), limit: MOST_RETAINED },
    'Remove retained messages that nobody needs: publish an empty one, retained, to their topics',
  );
}

export function tooMuchKept(clientId: string): CodedError {
  return codedError(
    'MQTT_QUEUE_FULL',
    `a message for the client was not kept: there is room for ${MOST_KEPT} and 64 MiB, half of it for one certificate or user`,
    { clientId: clientId.slice(0, 100), limit: MOST_KEPT },
    'Let the client connect and take its messages, or connect without a kept session (clean session)',
  );
}

export function tooManyFilters(clientId: string): CodedError {
  return codedError(
    'MQTT_SUBSCRIBE',
    `the client subscribed to more topics than are kept for one (${MOST_FILTERS})`,
    { clientId: clientId.slice(0, 100), limit: MOST_FILTERS },
    'Subscribe with wildcards',
  );
}

export function wrongPassword(username: string | undefined): CodedError {
  return codedError(
    'MQTT_REFUSED',
    username === undefined ? 'the client sent no user name' : 'unknown user name or wrong password',
    username === undefined ? {} : { username: username.slice(0, 100) },
    'Check the users of the server and what the client sends',
  );
}

export function tooManyConnections(identity: string): CodedError {
  return codedError(
    'MQTT_REFUSED',
    `${identity} has ${MOST_CONNECTIONS_OF_ONE} connections already, the most for one certificate or user`,
    { identity, limit: MOST_CONNECTIONS_OF_ONE },
    'Give each client its own certificate or user',
  );
}

export function foreignClientId(clientId: string, identity: string): CodedError {
  return codedError(
    'MQTT_REFUSED',
    `the client id ${JSON.stringify(clientId.slice(0, 100))} belongs to another client than ${identity}`,
    { clientId: clientId.slice(0, 100), identity },
    'Give each client its own client id, best the common name of its certificate',
  );
}

export function tooManyFailures(address: string): CodedError {
  return codedError(
    'MQTT_REFUSED',
    `${MOST_FAILURES_OF_ONE} connections from ${address} have failed in one second; more are closed unheard until it is over`,
    { address, limit: MOST_FAILURES_OF_ONE },
    'See in the events before this one why they fail, and stop that client',
  );
}

export function serverFull(): CodedError {
  return codedError(
    'MQTT_REFUSED',
    `all ${MOST_CONNECTIONS} places are taken; connections that were not let in yet are closed`,
    { limit: MOST_CONNECTIONS },
    'For more clients use Mosquitto (tls export writes its files)',
  );
}
