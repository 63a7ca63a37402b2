// SQLite's C interface, from the system.
#include <sqlite3.h>

// Binds a copy of UTF-8 bytes. SQLITE_TRANSIENT is a cast, which Swift does not import. No bytes are an empty text here,
// where SQLite would take a null pointer for NULL.
static inline int csqlite_bind_text(sqlite3_stmt *statement, int place, const char *bytes, sqlite3_uint64 count) {
  return sqlite3_bind_text64(statement, place, bytes ? bytes : "", count, SQLITE_TRANSIENT, SQLITE_UTF8);
}
