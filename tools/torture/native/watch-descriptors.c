// Logs which descriptors of files under a directory Node and LevelDB open, sync and close, and makes one
// write-back fail. Preloaded into a process (LD_PRELOAD).
//
// A failed write-back is reported as by Linux (errseq_t): once to each descriptor of the file that is open at
// that moment, by its next sync, and to none that is opened later. The file keeps its bytes: the reader of the
// log derives which bytes were dirty.
//
//   SSTITCH_WATCH_ROOT  the directory, its real path
//   SSTITCH_WATCH_LOG   appended to, a line an event:
//                         open|close|sync|fail <inode> <descriptor> <size of the file> <path that was opened>
//                       `sync` comes when the call has succeeded, with the size from before it; `fail` when a
//                       sync reports the error
//   SSTITCH_WATCH_FAIL  the close or sync, of those in the log, from 0: right after that close, or right before
//                       that sync, the write-back of its file fails; logged as `lose`
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { MAX_DESCRIPTORS = 65536, MAX_PATH_BYTES = 4096 };

struct watched {
  ino_t inode;  // 0: not watched
  int has_error;
  char *path;
};

static struct watched watched[MAX_DESCRIPTORS];
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static char root[MAX_PATH_BYTES];
static int log_descriptor = -1;
static long fail_at = -1, events;

#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

__attribute__((constructor)) static void begin(void) {
  const char *directory = getenv("SSTITCH_WATCH_ROOT");
  const char *log = getenv("SSTITCH_WATCH_LOG");
  const char *fail = getenv("SSTITCH_WATCH_FAIL");
  if (directory == NULL || log == NULL) return;
  snprintf(root, sizeof root, "%s/", directory);
  if (fail != NULL) fail_at = atol(fail);
  log_descriptor = NEXT(open64)(log, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
}

static struct watched *at(int fd) {
  return fd >= 0 && fd < MAX_DESCRIPTORS && watched[fd].inode != 0 ? &watched[fd] : NULL;
}

static off_t size_of(int fd) {
  struct stat status;
  return fstat(fd, &status) == 0 ? status.st_size : -1;
}

static void note(const char *event, int fd, off_t size) {
  char line[MAX_PATH_BYTES + 128];
  struct watched *file = &watched[fd];
  int length = snprintf(line, sizeof line, "%s %lu %d %ld %s\n", event, (unsigned long)file->inode, fd,
                        (long)size, file->path);
  if (NEXT(write)(log_descriptor, line, length) != length) abort();
}

// Directories have no bytes to lose.
static void watch(int fd, const char *path) {
  int error = errno;
  struct stat status;
  char resolved[MAX_PATH_BYTES];
  if (log_descriptor < 0 || fd < 0 || fd >= MAX_DESCRIPTORS || fstat(fd, &status) != 0) return;
  if (!S_ISREG(status.st_mode) || realpath(path, resolved) == NULL) return;
  if (strncmp(resolved, root, strlen(root)) != 0) return;
  pthread_mutex_lock(&mutex);
  free(watched[fd].path);
  watched[fd] = (struct watched){status.st_ino, 0, strdup(resolved)};
  note("open", fd, status.st_size);
  pthread_mutex_unlock(&mutex);
  errno = error;
}

// Called at a close or sync, holding the mutex. The write-back of the file fails if it is the chosen one.
static void lose(int fd) {
  if (events++ != fail_at) return;
  note("lose", fd, size_of(fd));
  for (int other = 0; other < MAX_DESCRIPTORS; other++) {
    if (watched[other].inode == watched[fd].inode) watched[other].has_error = 1;
  }
}

// Called before the descriptor is closed, holding the mutex.
static void unwatch(int fd) {
  note("close", fd, size_of(fd));
  lose(fd);
  watched[fd].inode = 0;
}

static int sync_with(int fd, int (*sync)(int)) {
  if (at(fd) == NULL) return sync(fd);
  pthread_mutex_lock(&mutex);
  off_t size = size_of(fd);
  lose(fd);
  struct watched *file = at(fd);
  int fails = file->has_error;
  file->has_error = 0;
  if (fails) note("fail", fd, size);
  pthread_mutex_unlock(&mutex);
  if (fails) {
    errno = EIO;
    return -1;
  }
  int result = sync(fd);
  pthread_mutex_lock(&mutex);
  if (result == 0) note("sync", fd, size);
  pthread_mutex_unlock(&mutex);
  return result;
}

int fsync(int fd) { return sync_with(fd, NEXT(fsync)); }

int fdatasync(int fd) { return sync_with(fd, NEXT(fdatasync)); }

int close(int fd) {
  if (at(fd) == NULL) return NEXT(close)(fd);
  pthread_mutex_lock(&mutex);
  unwatch(fd);
  int result = NEXT(close)(fd);
  pthread_mutex_unlock(&mutex);
  return result;
}

// Node closes files by the number of the system call.
long syscall(long number, ...) {
  va_list rest;
  long values[6];
  va_start(rest, number);
  for (int index = 0; index < 6; index++) values[index] = va_arg(rest, long);
  va_end(rest);
  if (number == SYS_close) return close((int)values[0]);
  return NEXT(syscall)(number, values[0], values[1], values[2], values[3], values[4], values[5]);
}

int fclose(FILE *file) {
  int fd = fileno(file);
  if (at(fd) == NULL) return NEXT(fclose)(file);
  fflush(file);
  pthread_mutex_lock(&mutex);
  unwatch(fd);
  int result = NEXT(fclose)(file);
  pthread_mutex_unlock(&mutex);
  return result;
}

#define MODE_OF(flags, mode)  \
  int mode = 0;               \
  if (flags & O_CREAT) {      \
    va_list rest;             \
    va_start(rest, flags);    \
    mode = va_arg(rest, int); \
    va_end(rest);             \
  }

int open64(const char *path, int flags, ...) {
  MODE_OF(flags, mode)
  int fd = NEXT(open64)(path, flags, mode);
  watch(fd, path);
  return fd;
}

int open(const char *path, int flags, ...) {
  MODE_OF(flags, mode)
  int fd = NEXT(open64)(path, flags, mode);
  watch(fd, path);
  return fd;
}

FILE *fopen64(const char *path, const char *mode) {
  FILE *file = NEXT(fopen64)(path, mode);
  if (file != NULL) watch(fileno(file), path);
  return file;
}

FILE *fopen(const char *path, const char *mode) {
  FILE *file = NEXT(fopen64)(path, mode);
  if (file != NULL) watch(fileno(file), path);
  return file;
}
