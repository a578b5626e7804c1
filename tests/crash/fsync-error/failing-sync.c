/*
 * A disk that fails once: the N-th sync of a file whose path begins with SYNC_FAILS_BELOW, or is SYNC_FAILS_ONLY (counted
 * from when SYNC_FAILS_WHEN exists) gives
 * EIO, as the kernel does when it could not write back. Later ones succeed, as the kernel's do, though the pages are gone:
 * whoever tries again is told that all is well. Loaded with LD_PRELOAD; SQLite calls fsync or fdatasync.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static atomic_int passed;

static int must_fail(int fd) {
  const char *below = getenv("SYNC_FAILS_BELOW");
  const char *only = getenv("SYNC_FAILS_ONLY");
  const char *when = getenv("SYNC_FAILS_WHEN");
  const char *at = getenv("SYNC_FAILS_AT");
  const char *told = getenv("SYNC_FAILED");
  if ((!below && !only) || !when || !at || !told || access(when, F_OK) != 0) return 0;
  char link[64], path[4096];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length < 0) return 0;
  path[length] = 0;
  if (below && strncmp(path, below, strlen(below)) != 0) return 0;
  if (only && strcmp(path, only) != 0) return 0;
  if (atomic_fetch_add(&passed, 1) + 1 != atoi(at)) return 0;
  int mark = open(told, O_CREAT | O_WRONLY, 0600);
  if (mark >= 0) {
    dprintf(mark, "%s\n", path);
    close(mark);
  }
  return 1;
}

int fsync(int fd) {
  static int (*real)(int);
  if (!real) real = (int (*)(int))dlsym(RTLD_NEXT, "fsync");
  if (must_fail(fd)) { errno = EIO; return -1; }
  return real(fd);
}

int fdatasync(int fd) {
  static int (*real)(int);
  if (!real) real = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
  if (must_fail(fd)) { errno = EIO; return -1; }
  return real(fd);
}
