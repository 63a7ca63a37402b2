// What the system tells of sockets, in its own way.
#ifdef SD_RUN
#include "CMicroHTTPD.h"

#include <unistd.h>

enum { MOST = 64 };

#ifdef __linux__
#include <sys/epoll.h>
#include <sys/eventfd.h>

static void add(sd_watch watch, int socket, uint64_t number, uint32_t what) {
  struct epoll_event event = {.events = what, .data.u64 = number};
  epoll_ctl(watch.events, EPOLL_CTL_ADD, socket, &event);
}

sd_watch sd_watch_open(void) {
  sd_watch watch = {epoll_create1(EPOLL_CLOEXEC), eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
  if (watch.events >= 0 && watch.bell >= 0) add(watch, watch.bell, 0, EPOLLIN);
  return watch;
}

void sd_watch_close(sd_watch watch) {
  if (watch.events >= 0) close(watch.events);
  if (watch.bell >= 0) close(watch.bell);
}

void sd_watch_end(sd_watch watch, int socket, uint64_t number) { add(watch, socket, number, EPOLLRDHUP | EPOLLET); }
void sd_watch_bytes(sd_watch watch, int socket, uint64_t number) { add(watch, socket, number, EPOLLIN); }
void sd_watch_forget(sd_watch watch, int socket) { epoll_ctl(watch.events, EPOLL_CTL_DEL, socket, NULL); }
void sd_watch_ring(sd_watch watch) { eventfd_write(watch.bell, 1); }

int sd_watch_wait(sd_watch watch, uint64_t *numbers, int most, int milliseconds) {
  struct epoll_event found[MOST];
  int count = epoll_wait(watch.events, found, most < MOST ? most : MOST, milliseconds), kept = 0;
  for (int i = 0; i < count; i++) {
    eventfd_t rings;
    if (found[i].data.u64 == 0) eventfd_read(watch.bell, &rings);
    else numbers[kept++] = found[i].data.u64;
  }
  return kept;
}
#else
#include <fcntl.h>
#include <sys/event.h>

static void change(sd_watch watch, int at, int16_t filter, uint16_t flags, uint32_t what, uint64_t number) {
  struct kevent event;
  EV_SET(&event, at, filter, flags, what, 0, (void *)(uintptr_t)number);
  kevent(watch.events, &event, 1, NULL, 0, NULL);
}

// The bell is an event of the queue, and no descriptor.
sd_watch sd_watch_open(void) {
  int events = kqueue();
  sd_watch watch = {events, events < 0 ? -1 : 0};
  if (events < 0) return watch;
  fcntl(events, F_SETFD, FD_CLOEXEC);
  change(watch, 0, EVFILT_USER, EV_ADD | EV_CLEAR, 0, 0);
  return watch;
}

void sd_watch_close(sd_watch watch) {
  if (watch.events >= 0) close(watch.events);
}

// EV_CLEAR: told of once. What tells of bytes alone is passed over below.
void sd_watch_end(sd_watch watch, int socket, uint64_t number) {
  change(watch, socket, EVFILT_READ, EV_ADD | EV_CLEAR, 0, number);
}
void sd_watch_bytes(sd_watch watch, int socket, uint64_t number) { change(watch, socket, EVFILT_READ, EV_ADD, 0, number); }
void sd_watch_forget(sd_watch watch, int socket) { change(watch, socket, EVFILT_READ, EV_DELETE, 0, 0); }
void sd_watch_ring(sd_watch watch) { change(watch, 0, EVFILT_USER, 0, NOTE_TRIGGER, 0); }

int sd_watch_wait(sd_watch watch, uint64_t *numbers, int most, int milliseconds) {
  struct kevent found[MOST];
  struct timespec time = {milliseconds / 1000, milliseconds % 1000 * 1000000L};
  int count = kevent(watch.events, NULL, 0, found, most < MOST ? most : MOST, milliseconds < 0 ? NULL : &time), kept = 0;
  for (int i = 0; i < count; i++) {
    bool ends = (found[i].flags & EV_CLEAR) == 0 || (found[i].flags & EV_EOF) != 0;
    if (found[i].filter == EVFILT_READ && ends) numbers[kept++] = (uint64_t)(uintptr_t)found[i].udata;
  }
  return kept;
}
#endif
#endif
