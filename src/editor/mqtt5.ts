import type { DialogForm } from './dialog-form';

/** Show the parts of a form that only MQTT 5 knows while the chosen broker node speaks it. */
export function showMqtt5Parts(form: DialogForm, alsoWhen: () => boolean = () => true): void {
  const update = (): void => {
    const broker = RED.nodes.node(form.value('broker'));
    form.part('mqtt5').prop('hidden', broker?.protocolVersion !== '5' || !alsoWhen());
  };
  form.watch(['broker'], update);
  form.root.on('change', update);
}
