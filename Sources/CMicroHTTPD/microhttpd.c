#ifdef SD_RUN
#define _GNU_SOURCE
#include "CMicroHTTPD.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

// What the library keeps for each request.
typedef struct {
  const char *raw;  // where the target stood
  char *target;     // and a copy, since the library takes the query apart in place
  void *request;    // what `head` made; NULL before
} request_state;

int sd_http_listen(uint16_t *port) {
  int listening = socket(AF_INET, SOCK_STREAM, 0);
  if (listening < 0) return -1;
  fcntl(listening, F_SETFD, FD_CLOEXEC);
  fcntl(listening, F_SETFL, O_NONBLOCK);
  int on = 1;
  struct sockaddr_in address = {
    .sin_family = AF_INET, .sin_port = htons(*port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t size = sizeof address;
  setsockopt(listening, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(listening, (struct sockaddr *)&address, size) || listen(listening, SOMAXCONN) ||
      getsockname(listening, (struct sockaddr *)&address, &size)) {
    int reason = errno;
    close(listening);
    errno = reason;
    return -1;
  }
  *port = ntohs(address.sin_port);
  return listening;
}

// The first line is read. Its target is kept as it was sent.
static void *began(void *calls, const char *target, struct MHD_Connection *connection) {
  (void)calls, (void)connection;
  request_state *state = calloc(1, sizeof *state);
  if (!state) return NULL;
  state->raw = target;
  state->target = strdup(target);
  return state;
}

// Leaves %41 as it is: paths are decoded once, where NUL can be told from an end.
static size_t as_sent(void *calls, struct MHD_Connection *connection, char *text) {
  (void)calls, (void)connection;
  return strlen(text);
}

typedef struct {
  sd_http_field fields[SD_HTTP_FIELDS];
  size_t count;
  bool is_cut;
} field_list;

static enum MHD_Result take_field(
  void *to, enum MHD_ValueKind kind, const char *name, size_t name_count, const char *value, size_t value_count) {
  (void)kind;
  field_list *list = to;
  if (list->count == SD_HTTP_FIELDS) {
    list->is_cut = true;
    return MHD_NO;
  }
  list->fields[list->count++] = (sd_http_field){name, name_count, value ? value : "", value ? value_count : 0};
  return MHD_YES;
}

// Whether nothing but blanks, ends of lines and the colon of a name stands between two parts of a head, in the order given.
static bool is_blank(const char *from, const char *to, bool colon) {
  if (to < from || to > from + (64 << 10)) return false;
  for (; from < to; from++)
    if (*from && *from != ' ' && *from != '\t' && *from != '\r' && *from != '\n' && !(colon && *from == ':')) return false;
  return true;
}

// Whether what the parser made of the head is all that was sent. It reads C strings in the received bytes, so that a NUL
// hides what follows it on the line: between the parts nothing may stand. Versions 0.9.75 and 1.0.1 are known to leave the
// parts where they were received; only the text of an empty value may stand elsewhere.
static bool is_plain(
  struct MHD_Connection *connection, const request_state *state, const char *method, const char *version,
  const field_list *list) {
  if (list->is_cut || !is_blank(method + strlen(method), state->raw, false) ||
      !is_blank(state->raw + strlen(state->target), version, false))
    return false;
  const char *end = version + strlen(version);
  for (size_t i = 0; i < list->count; i++) {
    const sd_http_field *field = &list->fields[i];
    // A name that begins behind a blank is a folded line.
    if (!is_blank(end, field->name, i > 0) || field->name[-1] == ' ' || field->name[-1] == '\t') return false;
    end = field->name + field->name_count;
    if (field->value_count == 0) continue;
    if (!is_blank(end, field->value, true)) return false;
    end = field->value + field->value_count;
  }
  const union MHD_ConnectionInfo *size = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
  return size && is_blank(end, method + size->header_size, true);
}

static enum MHD_Result handle(
  void *to, struct MHD_Connection *connection, const char *url, const char *method, const char *version,
  const char *bytes, size_t *count, void **kept) {
  (void)url;
  const sd_http_calls *calls = to;
  request_state *state = *kept;
  if (!state || !state->target) return MHD_NO;
  if (!state->request) {
    field_list list = {.count = 0};
    MHD_get_connection_values_n(connection, MHD_HEADER_KIND, take_field, &list);
    sd_http_head head = {
      .method = method, .target = state->target, .fields = list.fields, .field_count = list.count,
      .is_plain = is_plain(connection, state, method, version, &list)};
    const union MHD_ConnectionInfo *own = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    head.connection = own ? (uintptr_t)own->socket_context : 0;
    state->request = calls->head(calls->server, connection, &head);
    return MHD_YES;
  }
  if (*count == 0) return calls->turn(state->request) ? MHD_YES : MHD_NO;
  size_t piece = *count;
  *count = 0;
  return calls->body(state->request, bytes, piece) ? MHD_YES : MHD_NO;
}

static void ended(void *to, struct MHD_Connection *connection, void **kept, enum MHD_RequestTerminationCode code) {
  (void)connection, (void)code;
  const sd_http_calls *calls = to;
  request_state *state = *kept;
  if (!state) return;
  if (state->request) calls->ended(state->request);
  free(state->target);
  free(state);
  *kept = NULL;
}

static void connected(
  void *to, struct MHD_Connection *connection, void **kept, enum MHD_ConnectionNotificationCode code) {
  const sd_http_calls *calls = to;
  if (code == MHD_CONNECTION_NOTIFY_CLOSED) return calls->closed(calls->server, (uintptr_t)*kept);
  const union MHD_ConnectionInfo *socket = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
  *kept = (void *)(uintptr_t)calls->opened(calls->server, socket ? socket->connect_fd : -1);
}

// The calls outlive the server: they are its owner's.
//
// What the library answers by itself (400 for a head that it can't parse, 414 and 431 for one beyond the memory limit, 413
// and 501 for some lengths and encodings) bears none of the headers that every other answer has: it writes these answers
// from texts of its own, and neither 0.9.75 nor 1.0.1 has an option or a call that adds to them. It reads the socket, so
// that nothing can be looked at before. These texts are the same for everybody: another page learns nothing from them.
struct MHD_Daemon *sd_http_start(int listening, unsigned connections, unsigned seconds, const sd_http_calls *calls) {
  void *to = (void *)calls;
#ifdef __linux__
  enum { WAITS = MHD_USE_EPOLL_INTERNAL_THREAD };
#else
  enum { WAITS = MHD_USE_POLL_INTERNAL_THREAD };
#endif
  struct stat before, after;
  bool is_known = fstat(listening, &before) == 0;
  struct MHD_Daemon *server = MHD_start_daemon(
    WAITS | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, handle, to,
    MHD_OPTION_LISTEN_SOCKET, listening, MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_CONNECTION_LIMIT, connections,
    MHD_OPTION_CONNECTION_TIMEOUT, seconds, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)64 << 10,
    MHD_OPTION_URI_LOG_CALLBACK, began, to, MHD_OPTION_UNESCAPE_CALLBACK, as_sent, to,
    MHD_OPTION_NOTIFY_COMPLETED, ended, to, MHD_OPTION_NOTIFY_CONNECTION, connected, to, MHD_OPTION_END);
  // Where it can't start, 0.9.75 closes the socket on some ways out, as without a thread, and leaves it on others. The number
  // may be another file's by then.
  if (!server && is_known && fstat(listening, &after) == 0 && after.st_dev == before.st_dev && after.st_ino == before.st_ino)
    close(listening);
  return server;
}

void sd_http_stop(struct MHD_Daemon *server) { MHD_stop_daemon(server); }
void sd_http_suspend(struct MHD_Connection *connection) { MHD_suspend_connection(connection); }
void sd_http_resume(struct MHD_Connection *connection) { MHD_resume_connection(connection); }

static bool queue(
  struct MHD_Connection *connection, unsigned status, const sd_http_field *fields, size_t field_count,
  struct MHD_Response *response) {
  if (!response) return false;
  for (size_t i = 0; i < field_count; i++) MHD_add_response_header(response, fields[i].name, fields[i].value);
  enum MHD_Result result = MHD_queue_response(connection, status, response);
  MHD_destroy_response(response);
  return result == MHD_YES;
}

bool sd_http_answer(
  struct MHD_Connection *connection, unsigned status, const sd_http_field *fields, size_t field_count,
  const void *bytes, size_t count) {
  return queue(
    connection, status, fields, field_count,
    MHD_create_response_from_buffer(count, (void *)bytes, MHD_RESPMEM_MUST_COPY));
}

bool sd_http_stream(
  struct MHD_Connection *connection, unsigned status, const sd_http_field *fields, size_t field_count, void *stream,
  ssize_t (*read)(void *stream, uint64_t position, char *bytes, size_t count), void (*released)(void *stream)) {
  struct MHD_Response *response =
    MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, 16 << 10, read, stream, released);
  if (!response) released(stream);
  return queue(connection, status, fields, field_count, response);
}
#endif
