/**
 * One waiting place for several causes: whoever waits goes on when someone rings, or at once when someone has rung
 * since the last time.
 */
export class Bell {
  private rung = false;
  private waiter: (() => void) | undefined;

  ring(): void {
    this.rung = true;
    this.waiter?.();
  }

  /** Forget that someone rang. */
  hush(): void {
    this.rung = false;
  }

  async wait(): Promise<void> {
    if (!this.rung) await new Promise<void>((resolve) => (this.waiter = resolve));
    this.waiter = undefined;
    this.rung = false;
  }
}
