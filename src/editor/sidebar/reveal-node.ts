/** Show a node: one of a flow in its flow, a config node in its dialog. One that is not here any more is none. */
export function revealNode(id: string): void {
  const node = RED.nodes.node(id) as { type: string; id: string; _def?: { category?: string } } | null | undefined;
  if (!node) return;
  if (node._def?.category === 'config') RED.editor.editConfig('', node.type, node.id, '');
  else RED.view.reveal(node.id);
}
