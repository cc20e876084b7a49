/** How much may wait. */
export interface QueueLimit {
  /** 0: none, every item is dropped. */
  items: number;
  bytes: number;
}

/**
 * Messages that wait, bounded in number and bytes. When it is full the oldest goes, because for the sensors and states people
 * send the newest value is the one that counts.
 */
export class OfflineQueue<T> {
  private items: T[] = [];
  /** Index of the oldest item; taken items are cut off in one go, so that taking stays cheap. */
  private head = 0;
  private bytesWaiting = 0;
  private droppedCount = 0;

  /** @param bytesOf what an item takes, the same at every call */
  constructor(private readonly bytesOf: (item: T) => number = () => 0) {}

  get size(): number {
    return this.items.length - this.head;
  }

  get bytes(): number {
    return this.bytesWaiting;
  }

  /** How many were dropped since {@link forgetDropped}. */
  get dropped(): number {
    return this.droppedCount;
  }

  /**
   * Add the newest item.
   *
   * @returns the items that had to go for it: one when there are too many, which is the new one itself when none may wait, and as many as
   *   there are bytes too many. What waited under a wider limit goes only so
   */
  add(item: T, limit: QueueLimit): T[] {
    this.items.push(item);
    this.bytesWaiting += this.bytesOf(item);
    const dropped: T[] = [];
    if (this.size > limit.items) dropped.push(this.take() as T);
    while (this.bytesWaiting > limit.bytes && this.size > 1) dropped.push(this.take() as T);
    this.droppedCount += dropped.length;
    return dropped;
  }

  /** The oldest item, which {@link take} would take. */
  get oldest(): T | undefined {
    return this.items[this.head];
  }

  /** Take the oldest item. */
  take(): T | undefined {
    if (this.size === 0) return undefined;
    const item = this.items[this.head] as T;
    // Let go of it: the place stays until the array is cut.
    this.items[this.head] = undefined as T;
    this.head += 1;
    this.bytesWaiting -= this.bytesOf(item);
    if (this.head === this.items.length || this.head >= 1024) {
      this.items = this.items.slice(this.head);
      this.head = 0;
    }
    return item;
  }

  /** Take everything, oldest first. */
  takeAll(): T[] {
    const all = this.items.slice(this.head);
    this.items = [];
    this.head = 0;
    this.bytesWaiting = 0;
    return all;
  }

  /** Begin to count the dropped ones anew. */
  forgetDropped(): void {
    this.droppedCount = 0;
  }
}
