import { shownValue } from '../model/shown-value';
import { isSoundText, isSoundTopicName } from './topic';

/** What of a CONNECT reaches other clients and flows. */
interface Connect {
  clientId?: string;
  username?: string;
  will?: { topic: string };
}

/**
 * What is wrong with a CONNECT that can be read, before anybody is asked who it is. aedes looks at the topic of a will
 * only when it publishes it, and takes wildcards for a name.
 */
export function connectProblem({ clientId, username, will }: Connect): Error | undefined {
  for (const [what, text] of Object.entries({ 'client id': clientId ?? '', 'user name': username ?? '' })) {
    if (!isSoundText(text)) return new Error(`a control character in the ${what} ${shownValue(text)}`);
  }
  return will === undefined || isSoundTopicName(will.topic) ? undefined : unsoundTopic(will.topic);
}

export function unsoundTopic(topic: string): Error {
  return new Error(`a wildcard or control character in the topic ${shownValue(topic)} of a message`);
}
