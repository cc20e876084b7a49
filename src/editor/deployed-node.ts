interface DeployedNode {
  id: string;
  z?: string;
  d?: boolean;
  disabled?: boolean;
}

/**
 * True when the runtime runs a node of this id, with these settings or with older ones. Whoever asks the runtime about
 * another one gets a 404, which the browser writes into its console as an error.
 */
export function runsNow(id: string): boolean {
  // What the editor deployed or loaded last; public in the editor, though not in its types.
  const { originalFlow } = RED.nodes as { originalFlow?: () => DeployedNode[] | undefined };
  const flow = originalFlow?.();
  if (!flow) return true;
  const node = flow.find((one) => one.id === id);
  return node !== undefined && !node.d && !flow.some((one) => one.id === node.z && one.disabled);
}
