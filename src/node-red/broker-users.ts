import type { Node, NodeAPI } from 'node-red';
import type { CodedError } from '../model/errors';
import type { ConnectionPhase, ConnectionState } from '../mqtt/connection-state';
import { showConnection } from './broker-node';
import { fail } from './failure';

/** The count of waiting messages may change a thousand times a second; the editor need not. */
const COUNT_EVERY_MS = 500;

/** The nodes that use a broker: they show its state and report its failures. */
export class BrokerUsers {
  private readonly users = new Map<string, Node>();
  private shownPhase: ConnectionPhase | undefined;
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly RED: NodeAPI) {}

  get count(): number {
    return this.users.size;
  }

  add(user: Node, state: ConnectionState): void {
    this.users.set(user.id, user);
    showConnection(this.RED, user, state);
  }

  remove(user: Node): void {
    this.users.delete(user.id);
  }

  get(id: string): Node | undefined {
    return this.users.get(id);
  }

  /** Show a new phase at once, a new count soon. */
  show(state: () => ConnectionState): void {
    if (state().phase !== this.shownPhase) this.showNow(state());
    else this.timer ??= setTimeout(() => this.showNow(state()), COUNT_EVERY_MS);
  }

  /**
   * Report a failure once in each flow, so that a Catch node of every flow sees it and the log does not repeat it for
   * every node.
   *
   * @returns false when there is nobody to report it
   */
  report(error: CodedError): boolean {
    const byFlow = new Map([...this.users.values()].reverse().map((user) => [user.z, user]));
    for (const user of byFlow.values()) fail(this.RED, user, error, {} as never);
    return byFlow.size > 0;
  }

  close(): void {
    clearTimeout(this.timer);
    this.users.clear();
  }

  private showNow(state: ConnectionState): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.shownPhase = state.phase;
    for (const user of this.users.values()) showConnection(this.RED, user, state);
  }
}
