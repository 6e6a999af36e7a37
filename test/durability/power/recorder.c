/*
 * Loaded into a process with LD_PRELOAD: notes in a journal, in one order, what the process does to the files below a directory,
 * and can make one call fail. What it notes is what a disk may be left with when the power goes: which bytes were written, which
 * names were made, and what of it was synced by when.
 *
 *   RECORDER_ROOT      the directory, absolute
 *   RECORDER_JOURNAL   the journal, outside of it
 *   RECORDER_FAULT     "<call> <pattern> <n> <errno>": the nth such call on a file whose name matches fails, once;
 *                      <call> is write, sync, create or rename. One that fails with ENOSPC has written half.
 *   RECORDER_SLOW      "<pattern> <ms>": a sync of a file whose name matches takes so long, as on a busy disk
 *
 * A record is 32 bytes (struct record below), then a path, then bytes. `inode` tells a file from its creation to its removal.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum kind { OPENED = 1, WRITTEN, TRUNCATED, RENAMED, UNLINKED, MADE_DIRECTORY, REMOVED_DIRECTORY, SYNC_BEGAN, SYNC_ENDED, UNKNOWN_CALL, FAILED };

struct record {
  uint32_t kind;
  /* OPENED: 1 created, 2 truncated. SYNC_*: which sync. */
  uint32_t detail;
  uint64_t inode;
  uint64_t offset;
  uint32_t path_length;
  uint32_t length;
};

#define MAX_DESCRIPTORS 65536

/* Zero where the descriptor is none of ours. */
static uint64_t inodes[MAX_DESCRIPTORS];
static char *paths[MAX_DESCRIPTORS];
static char append[MAX_DESCRIPTORS];

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static char root[4096];
static size_t root_length;
static int journal = -1;
static uint32_t syncs;

static char fault_call[16], fault_pattern[256];
static int fault_countdown, fault_errno;

static char slow_pattern[256];
static int slow_ms;

__attribute__((constructor)) static void begin(void) {
  const char *where = getenv("RECORDER_ROOT"), *to = getenv("RECORDER_JOURNAL"), *fault = getenv("RECORDER_FAULT"), *slow = getenv("RECORDER_SLOW");
  if (where == NULL || to == NULL) return;
  snprintf(root, sizeof root, "%s", where);
  root_length = strlen(root);
  journal = (int)syscall(SYS_openat, AT_FDCWD, to, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (journal < 0) abort();
  if (fault != NULL && sscanf(fault, "%15s %255s %d %d", fault_call, fault_pattern, &fault_countdown, &fault_errno) != 4) abort();
  if (slow != NULL && sscanf(slow, "%255s %d", slow_pattern, &slow_ms) != 2) abort();
}

#define REAL(name) \
  static __typeof__(&name) real; \
  if (real == NULL) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

static void enter(void) { pthread_mutex_lock(&mutex); }

static void leave(void) {
  int saved = errno;
  pthread_mutex_unlock(&mutex);
  errno = saved;
}

static int is_ours(const char *path) {
  if (journal < 0 || path == NULL || strncmp(path, root, root_length) != 0) return 0;
  return path[root_length] == '/' || path[root_length] == 0;
}

/* libuv closes by a system call of its own, so that the number may be somebody else's by now, of an eventfd for example. */
static int is_open(int fd) {
  struct stat found;
  if (journal < 0 || fd < 0 || fd >= MAX_DESCRIPTORS || inodes[fd] == 0) return 0;
  if (fstat(fd, &found) != 0 || found.st_ino != inodes[fd]) return 0;
  return S_ISREG(found.st_mode) || S_ISDIR(found.st_mode);
}

static void note(enum kind kind, uint32_t detail, uint64_t inode, uint64_t offset, const char *path, size_t path_length, const void *bytes, size_t length) {
  int saved = errno;
  struct record record = {kind, detail, inode, offset, (uint32_t)path_length, (uint32_t)length};
  struct iovec parts[3] = {{&record, sizeof record}, {(void *)path, path_length}, {(void *)bytes, length}};
  ssize_t whole = (ssize_t)(sizeof record + path_length + length);
  /* A journal with a gap proves nothing. */
  if (syscall(SYS_writev, journal, parts, 3) != whole) abort();
  errno = saved;
}

static void note_path(enum kind kind, uint32_t detail, uint64_t inode, const char *path) {
  note(kind, detail, inode, 0, path, strlen(path), NULL, 0);
}

static int matches(const char *pattern, const char *path) {
  const char *name = strrchr(path, '/');
  return fnmatch(pattern, name == NULL ? path : name + 1, 0) == 0;
}

/* Whether this very call is the one that fails; then errno is set. */
static int fails(const char *call, const char *path) {
  if (fault_countdown == 0 || strcmp(call, fault_call) != 0) return 0;
  if (!matches(fault_pattern, path) || --fault_countdown > 0) return 0;
  note_path(FAILED, (uint32_t)fault_errno, 0, path);
  errno = fault_errno;
  return 1;
}

static uint64_t inode_at(const char *path) {
  struct stat found;
  return lstat(path, &found) == 0 ? found.st_ino : 0;
}

/* Calls ------------------------------------------------------------------------------------------------------------ */

typedef int (*open_function)(const char *, int, ...);

static int opened(open_function real, const char *path, int flags, mode_t mode) {
  if (!is_ours(path)) return real(path, flags, mode);
  enter();
  int created = (flags & O_CREAT) && inode_at(path) == 0;
  int fd = created && fails("create", path) ? -1 : real(path, flags, mode);
  if (fd >= 0 && fd < MAX_DESCRIPTORS) {
    struct stat found;
    if (fstat(fd, &found) != 0) abort();
    free(paths[fd]);
    inodes[fd] = found.st_ino;
    paths[fd] = strdup(path);
    append[fd] = (flags & O_APPEND) != 0;
    note_path(OPENED, (uint32_t)created | ((flags & O_TRUNC) && !created ? 2u : 0u), found.st_ino, path);
  }
  leave();
  return fd;
}

#define MODE(flags) \
  mode_t mode = 0; \
  if ((flags) & (O_CREAT | O_TMPFILE)) { \
    va_list more; \
    va_start(more, flags); \
    mode = va_arg(more, mode_t); \
    va_end(more); \
  }

int open(const char *path, int flags, ...) { REAL(open); MODE(flags) return opened(real, path, flags, mode); }
int open64(const char *path, int flags, ...) { REAL(open64); MODE(flags) return opened(real, path, flags, mode); }
int __open_2(const char *path, int flags) { return open(path, flags); }
int __open64_2(const char *path, int flags) { return open64(path, flags); }
int creat(const char *path, mode_t mode) { return open(path, O_CREAT | O_WRONLY | O_TRUNC, mode); }
int creat64(const char *path, mode_t mode) { return open64(path, O_CREAT | O_WRONLY | O_TRUNC, mode); }

int openat(int directory, const char *path, int flags, ...) {
  REAL(openat);
  MODE(flags)
  return is_ours(path) ? open(path, flags, mode) : real(directory, path, flags, mode);
}

int openat64(int directory, const char *path, int flags, ...) {
  REAL(openat64);
  MODE(flags)
  return is_ours(path) ? open64(path, flags, mode) : real(directory, path, flags, mode);
}

int close(int fd) {
  REAL(close);
  if (!is_open(fd)) return real(fd);
  enter();
  inodes[fd] = 0;
  int result = real(fd);
  leave();
  return result;
}

static ssize_t put(int fd, const void *bytes, size_t length, off64_t offset, int at) {
  REAL(write);
  static ssize_t (*real_pwrite)(int, const void *, size_t, off64_t);
  if (real_pwrite == NULL) real_pwrite = dlsym(RTLD_NEXT, "pwrite64");
  if (!is_open(fd)) return at ? real_pwrite(fd, bytes, length, offset) : real(fd, bytes, length);
  enter();
  struct stat found;
  if (!at) offset = append[fd] && fstat(fd, &found) == 0 ? found.st_size : lseek64(fd, 0, SEEK_CUR);
  int failing = fails("write", paths[fd]);
  int code = errno;
  if (failing) length = code == ENOSPC ? length / 2 : 0;
  ssize_t done = length == 0 ? 0 : at ? real_pwrite(fd, bytes, length, offset) : real(fd, bytes, length);
  if (done > 0) note(WRITTEN, 0, inodes[fd], (uint64_t)offset, NULL, 0, bytes, (size_t)done);
  if (failing) {
    done = -1;
    errno = code;
  }
  leave();
  return done;
}

ssize_t write(int fd, const void *bytes, size_t length) { return put(fd, bytes, length, 0, 0); }
ssize_t pwrite(int fd, const void *bytes, size_t length, off_t offset) { return put(fd, bytes, length, offset, 1); }
ssize_t pwrite64(int fd, const void *bytes, size_t length, off64_t offset) { return put(fd, bytes, length, offset, 1); }

/* As many of the parts as go, as writev itself may. */
static ssize_t put_parts(int fd, const struct iovec *parts, int count, off64_t offset, int at) {
  ssize_t whole = 0;
  for (int i = 0; i < count; i++) {
    ssize_t done = put(fd, parts[i].iov_base, parts[i].iov_len, offset + whole, at);
    if (done < 0) return whole > 0 ? whole : -1;
    whole += done;
    if ((size_t)done < parts[i].iov_len) break;
  }
  return whole;
}

ssize_t writev(int fd, const struct iovec *parts, int count) {
  REAL(writev);
  return is_open(fd) ? put_parts(fd, parts, count, 0, 0) : real(fd, parts, count);
}

ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t offset) {
  REAL(pwritev);
  return is_open(fd) ? put_parts(fd, parts, count, offset, 1) : real(fd, parts, count, offset);
}

ssize_t pwritev64(int fd, const struct iovec *parts, int count, off64_t offset) {
  REAL(pwritev64);
  return is_open(fd) ? put_parts(fd, parts, count, offset, 1) : real(fd, parts, count, offset);
}

int ftruncate(int fd, off_t length) {
  REAL(ftruncate);
  if (!is_open(fd)) return real(fd, length);
  enter();
  int result = real(fd, length);
  if (result == 0) note(TRUNCATED, 0, inodes[fd], (uint64_t)length, NULL, 0, NULL, 0);
  leave();
  return result;
}

int ftruncate64(int fd, off64_t length) { return ftruncate(fd, length); }

/* Room without a new size changes nothing that can be read; any other use would. */
int fallocate(int fd, int mode, off_t offset, off_t length) {
  REAL(fallocate);
  if (is_open(fd) && !(mode & FALLOC_FL_KEEP_SIZE)) {
    enter();
    note_path(UNKNOWN_CALL, 0, inodes[fd], "fallocate");
    leave();
  }
  return real(fd, mode, offset, length);
}

int fallocate64(int fd, int mode, off64_t offset, off64_t length) { return fallocate(fd, mode, offset, length); }

int rename(const char *from, const char *to) {
  REAL(rename);
  if (!is_ours(from) && !is_ours(to)) return real(from, to);
  char both[8192];
  size_t length = (size_t)snprintf(both, sizeof both, "%s%c%s", from, 0, to);
  enter();
  int result = fails("rename", to) ? -1 : real(from, to);
  if (result == 0) note(RENAMED, 0, 0, 0, both, length, NULL, 0);
  leave();
  return result;
}

int unlink(const char *path) {
  REAL(unlink);
  if (!is_ours(path)) return real(path);
  enter();
  int result = real(path);
  if (result == 0) note_path(UNLINKED, 0, 0, path);
  leave();
  return result;
}

int mkdir(const char *path, mode_t mode) {
  REAL(mkdir);
  if (!is_ours(path)) return real(path, mode);
  enter();
  int result = real(path, mode);
  if (result == 0) note_path(MADE_DIRECTORY, 0, inode_at(path), path);
  leave();
  return result;
}

int rmdir(const char *path) {
  REAL(rmdir);
  if (!is_ours(path)) return real(path);
  enter();
  int result = real(path);
  if (result == 0) note_path(REMOVED_DIRECTORY, 0, 0, path);
  leave();
  return result;
}

int link(const char *from, const char *to) {
  REAL(link);
  if (is_ours(to)) {
    enter();
    note_path(UNKNOWN_CALL, 0, 0, "link");
    leave();
  }
  return real(from, to);
}

/* Only what was written before a sync began is sure when it has ended well. */
static int synced(int (*real)(int), int fd) {
  if (!is_open(fd)) return real(fd);
  enter();
  uint64_t inode = inodes[fd];
  uint32_t number = syncs++;
  int slow = slow_ms > 0 && matches(slow_pattern, paths[fd]);
  int failing = fails("sync", paths[fd]);
  int code = errno;
  if (!failing) note(SYNC_BEGAN, number, inode, 0, NULL, 0, NULL, 0);
  leave();
  if (failing) {
    errno = code;
    return -1;
  }
  if (slow) usleep((useconds_t)slow_ms * 1000);
  int result = real(fd);
  if (result == 0) {
    enter();
    note(SYNC_ENDED, number, inode, 0, NULL, 0, NULL, 0);
    leave();
  }
  return result;
}

int fsync(int fd) { REAL(fsync); return synced(real, fd); }
int fdatasync(int fd) { REAL(fdatasync); return synced(real, fd); }
