import { posix } from 'node:path';
import type { FileFacts, FileHandle, FileSystem } from '../../src/store/file-system';

/**
 * A disk in memory that knows what is durable, as POSIX promises it and no more: the content of a file since its last
 * fsync, the entries of a folder since the folder's last fsync. {@link MemoryDisk.afterPowerCut} is the disk a machine
 * finds when the power comes back.
 */
export class MemoryDisk implements FileSystem {
  #root: Folder;
  #nextInode = 1;

  constructor(root?: Folder) {
    this.#root = root ?? { kind: 'folder', inode: 0, mode: 0o755, entries: new Map(), durable: new Map() };
  }

  /** A copy on which nothing of what happens later to this one is seen. */
  copy(): MemoryDisk {
    return this.#copied(copyNode(this.#root, new Map()) as Folder);
  }

  /**
   * The disk after a power cut now.
   *
   * @param survives for a change that was not synced: whether it reached the disk all the same
   */
  afterPowerCut(survives: (path: string) => boolean = () => false): MemoryDisk {
    return this.#copied(cut(this.#root, '', survives, new Map()) as Folder);
  }

  /** All files with their content. */
  files(): Map<string, string> {
    const found = new Map<string, string>();
    const visit = (node: Node, path: string) => {
      if (node.kind === 'file') found.set(path, node.content.toString('utf8'));
      else for (const [name, child] of node.entries) visit(child, `${path}/${name}`);
    };
    visit(this.#root, '');
    return found;
  }

  /** Put a file there, durable; folders are made. */
  put(path: string, content: string | Uint8Array): void {
    let folder = this.#root;
    const parts = partsOf(path);
    const name = parts.pop() as string;
    for (const part of parts) {
      const next = folder.entries.get(part) ?? this.#newFolder(0o755);
      folder.entries.set(part, next);
      folder.durable.set(part, next);
      folder = next as Folder;
    }
    const bytes = Buffer.from(content);
    const file: File = { kind: 'file', inode: this.#inode(), mode: 0o644, content: bytes, durable: bytes, mtimeMs: 0 };
    folder.entries.set(name, file);
    folder.durable.set(name, file);
  }

  async open(path: string, flags: string, mode = 0o666): Promise<FileHandle> {
    const { folder, name } = this.#parentOf(path);
    let node = name === '' ? this.#root : folder.entries.get(name);
    if (flags === 'wx') {
      if (node) throw errno('EEXIST', path);
      node = {
        kind: 'file',
        inode: this.#inode(),
        mode,
        content: Buffer.alloc(0),
        durable: Buffer.alloc(0),
        mtimeMs: 0,
      };
      folder.entries.set(name, node);
    }
    if (!node) throw errno('ENOENT', path);
    if (node.kind === 'folder' && flags !== 'r') throw errno('EISDIR', path);
    return new MemoryHandle(node);
  }

  async rename(from: string, to: string): Promise<void> {
    const source = this.#parentOf(from);
    const target = this.#parentOf(to);
    const node = source.folder.entries.get(source.name);
    if (!node) throw errno('ENOENT', from);
    source.folder.entries.delete(source.name);
    target.folder.entries.set(target.name, node);
  }

  async link(existing: string, path: string): Promise<void> {
    const { folder, name } = this.#parentOf(path);
    if (folder.entries.has(name)) throw errno('EEXIST', path);
    folder.entries.set(name, this.#find(existing));
  }

  async unlink(path: string): Promise<void> {
    const { folder, name } = this.#parentOf(path);
    if (!folder.entries.delete(name)) throw errno('ENOENT', path);
  }

  async mkdir(path: string, options: { mode?: number } = {}): Promise<void> {
    const { folder, name } = this.#parentOf(path);
    if (name === '' || folder.entries.has(name)) throw errno('EEXIST', path);
    folder.entries.set(name, this.#newFolder(options.mode ?? 0o777));
  }

  async readdir(path: string): Promise<string[]> {
    const node = this.#find(path);
    if (node.kind !== 'folder') throw errno('ENOTDIR', path);
    return [...node.entries.keys()];
  }

  async stat(path: string): Promise<FileFacts> {
    return factsOf(this.#find(path));
  }

  async lstat(path: string): Promise<FileFacts> {
    return factsOf(this.#find(path));
  }

  async realpath(path: string): Promise<string> {
    this.#find(path);
    return path;
  }

  #copied(root: Folder): MemoryDisk {
    const disk = new MemoryDisk(root);
    disk.#nextInode = this.#nextInode;
    return disk;
  }

  #inode(): number {
    return (this.#nextInode += 1);
  }

  #newFolder(mode: number): Folder {
    return { kind: 'folder', inode: this.#inode(), mode, entries: new Map(), durable: new Map() };
  }

  #find(path: string): Node {
    let node: Node = this.#root;
    for (const part of partsOf(path)) {
      if (node.kind !== 'folder') throw errno('ENOTDIR', path);
      const next = node.entries.get(part);
      if (!next) throw errno('ENOENT', path);
      node = next;
    }
    return node;
  }

  #parentOf(path: string): { folder: Folder; name: string } {
    const folder = this.#find(posix.dirname(path));
    if (folder.kind !== 'folder') throw errno('ENOTDIR', path);
    return { folder, name: posix.basename(path) };
  }
}

interface File {
  kind: 'file';
  inode: number;
  mode: number;
  content: Buffer;
  durable: Buffer;
  mtimeMs: number;
}

interface Folder {
  kind: 'folder';
  inode: number;
  mode: number;
  entries: Map<string, Node>;
  durable: Map<string, Node>;
}

type Node = File | Folder;

class MemoryHandle implements FileHandle {
  constructor(private readonly node: Node) {}

  async read(buffer: Uint8Array, offset: number, length: number, position: number) {
    const content = this.#file().content;
    const bytesRead = content.copy(buffer, offset, position, position + length);
    return { bytesRead };
  }

  async write(buffer: Uint8Array, offset: number, length: number, position: number) {
    const file = this.#file();
    const grown = Buffer.alloc(Math.max(file.content.length, position + length));
    file.content.copy(grown);
    grown.set(buffer.subarray(offset, offset + length), position);
    file.content = grown;
    return { bytesWritten: length };
  }

  async truncate(length: number) {
    const file = this.#file();
    file.content = Buffer.from(file.content.subarray(0, length));
  }

  async stat() {
    return factsOf(this.node);
  }

  async chmod(mode: number) {
    this.node.mode = mode;
  }

  /** Everything belongs to one user here. */
  async chown() {}

  async sync() {
    if (this.node.kind === 'file') this.node.durable = this.node.content;
    else this.node.durable = new Map(this.node.entries);
  }

  async close() {}

  #file(): File {
    if (this.node.kind !== 'file') throw errno('EISDIR', '');
    return this.node;
  }
}

function cut(node: Node, path: string, survives: (path: string) => boolean, done: Map<number, Node>): Node {
  const known = done.get(node.inode);
  if (known) return known;
  if (node.kind === 'file') {
    const content = node.content.equals(node.durable) || survives(path) ? node.content : node.durable;
    const file: File = { ...node, content, durable: content };
    done.set(node.inode, file);
    return file;
  }
  const folder: Folder = { ...node, entries: new Map(), durable: new Map() };
  done.set(node.inode, folder);
  for (const name of new Set([...node.entries.keys(), ...node.durable.keys()])) {
    const [now, before] = [node.entries.get(name), node.durable.get(name)];
    const entry = now === before || survives(`${path}/${name}`) ? now : before;
    if (entry) folder.entries.set(name, cut(entry, `${path}/${name}`, survives, done));
  }
  folder.durable = new Map(folder.entries);
  return folder;
}

function copyNode(node: Node, done: Map<number, Node>): Node {
  const known = done.get(node.inode);
  if (known) return known;
  const copied: Node = node.kind === 'file' ? { ...node } : { ...node, entries: new Map(), durable: new Map() };
  done.set(node.inode, copied);
  if (node.kind === 'folder' && copied.kind === 'folder') {
    for (const [name, child] of node.entries) copied.entries.set(name, copyNode(child, done));
    for (const [name, child] of node.durable) copied.durable.set(name, copyNode(child, done));
  }
  return copied;
}

function factsOf(node: Node): FileFacts {
  return {
    size: node.kind === 'file' ? node.content.length : 0,
    mtimeMs: node.kind === 'file' ? node.mtimeMs : 0,
    mode: node.mode,
    ino: node.inode,
    uid: 0,
    gid: 0,
    isFile: () => node.kind === 'file',
    isDirectory: () => node.kind === 'folder',
    isSymbolicLink: () => false,
  };
}

function partsOf(path: string): string[] {
  return path.split('/').filter((part) => part !== '');
}

function errno(code: string, path: string): Error {
  return Object.assign(new Error(`${code}: ${path}`), { code });
}
