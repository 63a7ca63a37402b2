#if PostgreSQL
  internal import CPostgreSQL

  /// Where a data base is: `postgresql://user@host:port/name?parameter=value`, as all programs with libpq take it.
  struct PostgreSQLAddress {
    /// The address as it was given.
    let text: String

    /// The address for messages: without parameters.
    var place: String { text.split(separator: "?", maxSplits: 1).first.map(String.init) ?? text }

    /// - Throws: ``PostgreSQLError``: for a password too. Configurations are kept with runs and shown to people.
    init(_ text: String) throws(PostgreSQLError) {
      self.text = text
      guard let options = PQconninfoParse(text, nil) else {
        // libpq's own words would show a part of the text.
        throw PostgreSQLError(
          message: "this is no address of a data base",
          remedy: "Write it as postgresql://user@host:5432/name; characters other than letters and digits as %20.",
          isMistake: true, place: "store")
      }
      defer { PQconninfoFree(options) }
      var next = options
      while let keyword = next.pointee.keyword {
        if ["password", "sslpassword"].contains(String(cString: keyword)), next.pointee.val != nil {
          throw PostgreSQLError(
            message: "the address has a password in it",
            remedy:
              "Take it out, and set PGPASSWORD, or write it into ~/.pgpass (host:port:name:user:password, mode 600).",
            isMistake: true, place: "store")
        }
        next += 1
      }
    }
  }
#endif
