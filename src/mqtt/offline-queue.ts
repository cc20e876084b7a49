/**
 * Messages that wait for a connection, bounded in number. When it is full the oldest goes, because for the
 * sensors and states people send the newest value is the one that counts.
 */
export class OfflineQueue<T> {
  private items: T[] = [];
  /** Index of the oldest item; taken items are cut off in one go, so that taking stays cheap. */
  private head = 0;
  private droppedCount = 0;

  /**
   * @param limit how many items may wait; 0: none, every item is dropped
   */
  constructor(private limit: number) {}

  get size(): number {
    return this.items.length - this.head;
  }

  /** How many were dropped since {@link forgetDropped}. */
  get dropped(): number {
    return this.droppedCount;
  }

  /** Add the newest item; answers the item that had to go for it, which is the new one itself when the limit is 0. */
  add(item: T): T | undefined {
    this.items.push(item);
    if (this.size <= this.limit) return undefined;
    this.droppedCount += 1;
    return this.take();
  }

  /** Add the newest item whatever the limit, for items that wait only a moment. */
  addUnbounded(item: T): void {
    this.items.push(item);
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
    return all;
  }

  /** Begin to count the dropped ones anew. */
  forgetDropped(): void {
    this.droppedCount = 0;
  }
}
