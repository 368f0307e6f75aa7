// Makes single file operations of LevelDB fail. Preloaded into a process (LD_PRELOAD), it wraps the functions
// of the C library that LevelDB's env_posix.cc calls. Calls from other code, including Node's own, are passed
// on unchanged: only callers whose address lies in classic-level are affected.
//
// LevelDB writes through stdio, whose internal writes cannot be wrapped. So fopen returns streams of functions
// in this file (fopencookie), which write all of their input, a part of it or nothing.
//
// A mapped file (SSTITCH_FAULT_CONTROL) controls it: 32-bit integers, then at byte 64 a text.
// ../src/leveldb-faults/leveldb-fault-shim.ts writes them.
//
//   0 armed   1 kinds, a bit each   2 at: the operation that fails, from 0   3 forever: all later ones too
//   4 errno   5 partial: bytes that a failing write writes first   6 seen: operations counted   7 failed
//   text: what the path must hold
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/types.h>
#include <unistd.h>

enum { OPEN = 1, WRITE = 2, SYNC = 4, RENAME = 8, UNLINK = 16, READ = 32, MAP = 64, CLOSE = 128 };

struct control {
  int32_t armed, kinds, at, forever, error, partial, seen, failed;
  char unused[32];
  char text[256];
};

static struct control nothing;
static volatile struct control *control = &nothing;

#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

__attribute__((constructor)) static void begin(void) {
  const char *path = getenv("SSTITCH_FAULT_CONTROL");
  if (path == NULL) return;
  int fd = NEXT(open64)(path, O_RDWR);
  if (fd < 0) return;
  void *base = NEXT(mmap64)(NULL, sizeof(struct control), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  close(fd);
  if (base != MAP_FAILED) control = base;
}

static int is_leveldb(void *caller) {
  Dl_info info;
  return dladdr(caller, &info) != 0 && info.dli_fname != NULL &&
         strstr(info.dli_fname, "classic-level") != NULL;
}

// Whether this operation must fail; if so, sets errno.
static int fails(int kind, const char *path) {
  if (!control->armed || (control->kinds & kind) == 0) return 0;
  if (strstr(path, (const char *)control->text) == NULL) return 0;
  int32_t index = __atomic_fetch_add(&control->seen, 1, __ATOMIC_SEQ_CST);
  if (index != control->at && !(control->forever && index > control->at)) return 0;
  __atomic_fetch_add(&control->failed, 1, __ATOMIC_SEQ_CST);
  errno = control->error;
  return 1;
}

static const char *path_of(int fd, char *buffer, size_t size) {
  char link[64];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, buffer, size - 1);
  buffer[length < 0 ? 0 : length] = 0;
  return buffer;
}

struct stream {
  int fd;
  FILE *file;
  struct stream *next;
  char path[];
};

static struct stream *streams;
static int lock;

static void acquire(void) {
  while (__atomic_exchange_n(&lock, 1, __ATOMIC_ACQUIRE)) usleep(10);
}

static void release(void) { __atomic_store_n(&lock, 0, __ATOMIC_RELEASE); }

static ssize_t write_all(int fd, const char *data, size_t size) {
  size_t written = 0;
  while (written < size) {
    ssize_t count = NEXT(write)(fd, data + written, size - written);
    if (count < 0) break;
    written += count;
  }
  return written;
}

static ssize_t stream_write(void *cookie, const char *data, size_t size) {
  struct stream *stream = cookie;
  if (!fails(WRITE, stream->path)) return write_all(stream->fd, data, size);
  int error = errno;
  size_t part = control->partial < 0 ? 0 : (size_t)control->partial;
  ssize_t written = write_all(stream->fd, data, part < size ? part : size - 1);
  errno = error;
  return written;
}

static ssize_t stream_read(void *cookie, char *data, size_t size) {
  struct stream *stream = cookie;
  return fails(READ, stream->path) ? -1 : NEXT(read)(stream->fd, data, size);
}

static int stream_seek(void *cookie, off64_t *offset, int whence) {
  struct stream *stream = cookie;
  off64_t position = lseek64(stream->fd, *offset, whence);
  if (position < 0) return -1;
  *offset = position;
  return 0;
}

static int stream_close(void *cookie) {
  struct stream *stream = cookie;
  acquire();
  for (struct stream **at = &streams; *at != NULL; at = &(*at)->next) {
    if (*at != stream) continue;
    *at = stream->next;
    break;
  }
  release();
  int is_failing = fails(CLOSE, stream->path);
  int error = errno;
  close(stream->fd);
  free(stream);
  errno = error;
  return is_failing ? -1 : 0;
}

static FILE *open_stream(const char *path, const char *mode) {
  int flags = mode[0] == 'r' ? O_RDONLY : O_WRONLY | O_CREAT | (mode[0] == 'a' ? O_APPEND : O_TRUNC);
  if (fails(OPEN, path)) return NULL;
  int fd = NEXT(open64)(path, flags | O_CLOEXEC, 0644);
  if (fd < 0) return NULL;
  struct stream *stream = malloc(sizeof *stream + strlen(path) + 1);
  stream->fd = fd;
  strcpy(stream->path, path);
  cookie_io_functions_t functions = {stream_read, stream_write, stream_seek, stream_close};
  FILE *file = fopencookie(stream, mode, functions);
  stream->file = file;
  acquire();
  stream->next = streams;
  streams = stream;
  release();
  return file;
}

FILE *fopen64(const char *path, const char *mode) {
  return is_leveldb(__builtin_return_address(0)) ? open_stream(path, mode) : NEXT(fopen64)(path, mode);
}

FILE *fopen(const char *path, const char *mode) {
  return is_leveldb(__builtin_return_address(0)) ? open_stream(path, mode) : NEXT(fopen)(path, mode);
}

int fileno(FILE *file) {
  int fd = -1;
  acquire();
  for (struct stream *at = streams; at != NULL; at = at->next) {
    if (at->file == file) fd = at->fd;
  }
  release();
  return fd < 0 ? NEXT(fileno)(file) : fd;
}

static int open_file(void *caller, const char *path, int flags, int mode) {
  if (is_leveldb(caller) && fails(OPEN, path)) return -1;
  return NEXT(open64)(path, flags, mode);
}

#define MODE_OF(flags, mode) \
  int mode = 0;              \
  if (flags & O_CREAT) {     \
    va_list rest;            \
    va_start(rest, flags);   \
    mode = va_arg(rest, int); \
    va_end(rest);            \
  }

int open64(const char *path, int flags, ...) {
  MODE_OF(flags, mode)
  return open_file(__builtin_return_address(0), path, flags, mode);
}

int open(const char *path, int flags, ...) {
  MODE_OF(flags, mode)
  return open_file(__builtin_return_address(0), path, flags, mode);
}

static int fails_on(void *caller, int kind, int fd) {
  char buffer[4096];
  if (!control->armed || !is_leveldb(caller)) return 0;
  return fails(kind, path_of(fd, buffer, sizeof buffer));
}

int fdatasync(int fd) {
  return fails_on(__builtin_return_address(0), SYNC, fd) ? -1 : NEXT(fdatasync)(fd);
}

int fsync(int fd) {
  return fails_on(__builtin_return_address(0), SYNC, fd) ? -1 : NEXT(fsync)(fd);
}

ssize_t pread64(int fd, void *data, size_t size, off64_t offset) {
  if (fails_on(__builtin_return_address(0), READ, fd)) return -1;
  return NEXT(pread64)(fd, data, size, offset);
}

void *mmap64(void *address, size_t size, int protection, int flags, int fd, off64_t offset) {
  if (fd >= 0 && fails_on(__builtin_return_address(0), MAP, fd)) return MAP_FAILED;
  return NEXT(mmap64)(address, size, protection, flags, fd, offset);
}

int rename(const char *from, const char *to) {
  if (is_leveldb(__builtin_return_address(0)) && fails(RENAME, from)) return -1;
  return NEXT(rename)(from, to);
}

int unlink(const char *path) {
  if (is_leveldb(__builtin_return_address(0)) && fails(UNLINK, path)) return -1;
  return NEXT(unlink)(path);
}

DIR *opendir(const char *path) {
  if (is_leveldb(__builtin_return_address(0)) && fails(OPEN, path)) return NULL;
  return NEXT(opendir)(path);
}
