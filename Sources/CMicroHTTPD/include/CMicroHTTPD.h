// An HTTP/1.1 server by GNU libmicrohttpd. It is there in builds with the trait Run alone.
#ifndef CMICROHTTPD_H
#define CMICROHTTPD_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct MHD_Daemon;
struct MHD_Connection;

typedef struct {
  const char *name;
  size_t name_count;
  const char *value;
  size_t value_count;
} sd_http_field;

// The head of a request. `is_plain` is false where a byte is in it that the parser passed over: NUL, or a folded line.
typedef struct {
  uint64_t connection;
  const char *method;
  const char *target;
  const sd_http_field *fields;
  size_t field_count;
  bool is_plain;
} sd_http_head;

// All are called on the server's one thread.
typedef struct {
  void *server;
  // A number for the connection, by which it is known from then on.
  uint64_t (*opened)(void *server, int socket);
  // Before its socket is closed.
  void (*closed)(void *server, uint64_t connection);
  // What stands for the request in the calls below.
  void *(*head)(void *server, struct MHD_Connection *connection, const sd_http_head *head);
  // A piece of the body. False closes the connection.
  bool (*body)(void *request, const void *bytes, size_t count);
  // The request is whole, or its connection was resumed after that. False closes the connection.
  bool (*turn)(void *request);
  // The last call for the request.
  void (*ended)(void *request);
} sd_http_calls;

enum { SD_HTTP_FIELDS = 128 };  // more are cut, and the head is not plain

// A listening socket on 127.0.0.1; port 0 takes any, and is the one taken afterwards. -1 with errno.
int sd_http_listen(uint16_t *port);
// Serves on a thread of its own; NULL where that can't be. Owns the listening socket from then on in either case.
struct MHD_Daemon *sd_http_start(int listening, unsigned connections, unsigned seconds, const sd_http_calls *calls);
// Closes all connections and waits for the thread. None may be suspended.
void sd_http_stop(struct MHD_Daemon *server);

void sd_http_suspend(struct MHD_Connection *connection);
void sd_http_resume(struct MHD_Connection *connection);

// Answers with bytes, which are copied.
bool sd_http_answer(
  struct MHD_Connection *connection, unsigned status, const sd_http_field *fields, size_t field_count,
  const void *bytes, size_t count);

// Answers piece by piece. `read` gives the number of bytes that it wrote, 0 where it suspended the connection since there are
// none yet, SD_HTTP_END behind the last, or SD_HTTP_FAILED, which closes the connection. `released` is the last call.
enum { SD_HTTP_END = -1, SD_HTTP_FAILED = -2 };
bool sd_http_stream(
  struct MHD_Connection *connection, unsigned status, const sd_http_field *fields, size_t field_count, void *stream,
  ssize_t (*read)(void *stream, uint64_t position, char *bytes, size_t count), void (*released)(void *stream));

// watch.c
// Tells of sockets, each known by a number other than 0: by epoll on Linux, by kqueue elsewhere. A descriptor of -1 is none.
typedef struct {
  int events, bell;
} sd_watch;
sd_watch sd_watch_open(void);
void sd_watch_close(sd_watch watch);
// Once, when the socket's other end sends no more.
void sd_watch_end(sd_watch watch, int socket, uint64_t number);
// As long as the socket has bytes to read, or its end.
void sd_watch_bytes(sd_watch watch, int socket, uint64_t number);
void sd_watch_forget(sd_watch watch, int socket);
// Has the thread that waits return.
void sd_watch_ring(sd_watch watch);
// Waits so many milliseconds, or for ever if -1; writes the numbers of up to `most` sockets and returns how many.
int sd_watch_wait(sd_watch watch, uint64_t *numbers, int most, int milliseconds);
#endif
