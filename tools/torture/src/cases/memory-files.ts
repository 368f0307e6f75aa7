// Read-only files in memory behind the engine's file system port, so that a case needs no disk.
import type { FileHandle, FileSystem } from '@sstitch/sst';

/** A file system of the given files, by absolute path. The directories follow from the paths. */
export function memoryFiles(files: ReadonlyMap<string, Uint8Array>): FileSystem {
  const bytesOf = (path: string): Uint8Array => {
    const bytes = files.get(path);
    if (bytes === undefined) throw fileError('ENOENT', 'open', path);
    return bytes;
  };
  const readdir = (path: string): string[] => {
    const names = new Set<string>();
    for (const file of files.keys()) {
      if (file.startsWith(`${path}/`))
        names.add(file.slice(path.length + 1).split('/', 1)[0] ?? '');
    }
    if (names.size === 0) throw fileError('ENOENT', 'scandir', path);
    return [...names].sort();
  };
  const refuse = (path: string): never => {
    throw fileError('EROFS', 'write', path);
  };
  return {
    open: (path, mode) => (mode === 'read' ? handleOf(bytesOf(path)) : refuse(path)),
    readFile: (path) => Uint8Array.from(bytesOf(path)),
    readdir,
    status(path) {
      const bytes = files.get(path);
      if (bytes !== undefined)
        return { kind: 'file', sizeBytes: bytes.length, mode: 0o644, links: 1 };
      readdir(path);
      return { kind: 'directory', sizeBytes: 0, mode: 0o755, links: 1 };
    },
    realPath: (path) => path,
    attach: ({ path }) => refuse(path),
    link: (_, path) => refuse(path),
    copy: (_, path) => refuse(path),
    rename: refuse,
    unlink: refuse,
    mkdir: refuse,
    removeDirectory: refuse,
    fsyncDir: () => undefined,
    chmod: refuse,
  };
}

function handleOf(bytes: Uint8Array): FileHandle {
  return {
    read(target, position) {
      const part = bytes.subarray(position, position + target.length);
      target.set(part);
      return part.length;
    },
    write: () => {
      throw new Error('a file in memory is read-only');
    },
    sync: () => undefined,
    sizeBytes: () => bytes.length,
    close: () => undefined,
  };
}

function fileError(code: string, syscall: string, path: string): Error {
  return Object.assign(new Error(`${code}: ${syscall} '${path}'`), { code, syscall, path });
}
