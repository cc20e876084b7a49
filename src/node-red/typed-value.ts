import type { Node, NodeAPI, NodeMessage } from 'node-red';
import type { TypedValueType } from '../model/config/typed-value';
import { codedError } from '../model/errors';
import { shownValue } from '../model/shown-value';

/**
 * The value of a typed input for one message.
 *
 * @param field name of the property, for the error
 * @param value what the flow file holds
 * @param type how to read it
 * @return undefined when the property is left empty
 * @throws INPUT_CONFIG when the expression or JSON is malformed
 */
export async function evaluate(
  RED: NodeAPI,
  node: Node,
  msg: NodeMessage,
  field: string,
  value: string,
  type: TypedValueType,
): Promise<unknown> {
  // An empty number would become 0 and an empty JSON text a syntax error: both mean "not set".
  if (value === '' || value === undefined || value === null) return undefined;
  try {
    return await new Promise<unknown>((resolve, reject) => {
      RED.util.evaluateNodeProperty(String(value), type, node, msg, (error, result) => {
        if (error) reject(error);
        else resolve(result);
      });
    });
  } catch (error) {
    throw codedError(
      'INPUT_CONFIG',
      `the setting ${field} (${type} ${shownValue(value)}) cannot be evaluated: ${(error as Error).message}`,
      { field, type, value: shownValue(value) },
      'Open the node and correct the setting',
    );
  }
}
