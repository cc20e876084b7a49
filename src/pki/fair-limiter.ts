/** Runs at most so many tasks at once; owners take turns, the tasks of one owner keep their order. */
export class FairLimiter {
  private running = 0;
  /** Waiting tasks by owner; the owner at the front of the map is the next to be served. */
  private readonly waiting = new Map<object, (() => void)[]>();

  constructor(private readonly atOnce: number) {}

  /**
   * @param task starts when its turn comes
   * @param owner whose turn it uses; tasks without an owner share one
   */
  async run<T>(task: () => Promise<T>, owner: object = this): Promise<T> {
    if (this.running >= this.atOnce) await this.turn(owner);
    else this.running += 1;
    try {
      return await task();
    } finally {
      this.pass();
    }
  }

  private turn(owner: object): Promise<void> {
    return new Promise((resolve) => {
      const queue = this.waiting.get(owner);
      if (queue) queue.push(resolve);
      else this.waiting.set(owner, [resolve]);
    });
  }

  /** Hand the place to the next owner, who then goes to the back; without one, give it up. */
  private pass(): void {
    const [next] = this.waiting;
    if (!next) {
      this.running -= 1;
      return;
    }
    const [owner, queue] = next;
    const start = queue.shift();
    this.waiting.delete(owner);
    if (queue.length > 0) this.waiting.set(owner, queue);
    start?.();
  }
}
