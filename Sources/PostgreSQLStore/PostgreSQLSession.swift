#if PostgreSQL
  internal import Foundation

  /// A connection that is made again where it is lost.
  ///
  /// What a body does has to be safe to repeat: the server may have committed a transaction whose end was not heard of.
  final class PostgreSQLSession {
    let address: PostgreSQLAddress
    private let isDurable: Bool
    private let patience: Double
    private var connection: PostgreSQLConnection?

    /// A session with a first connection; a server that is not reached is waited for no longer than it takes to start.
    ///
    /// - Parameter patience: how long a server that was lost is waited for, in seconds.
    init(_ address: PostgreSQLAddress, isDurable: Bool, patience: Double) throws(PostgreSQLError) {
      (self.address, self.isDurable, self.patience) = (address, isDurable, patience)
      do {
        connection = try PostgreSQLConnection(address, isDurable: isDurable)
      } catch {
        throw placed(error)
      }
    }

    /// Runs a body on a connection, anew where that is lost or where the server wants it repeated.
    ///
    /// - Throws: ``PostgreSQLError``, or what else the body throws.
    /// - Parameter repeats: whether the body is run again after the connection was lost on the way. The default is true.
    func perform<Result>(repeats: Bool = true, _ body: (PostgreSQLConnection) throws -> Result) throws -> Result {
      let deadline = ContinuousClock.now + .seconds(patience)
      var pause = 0.02
      while true {
        do {
          let connection = try connection ?? PostgreSQLConnection(address, isDurable: isDurable)
          self.connection = connection
          return try body(connection)
        } catch let error as PostgreSQLError {
          // Another server may have been given the right to write (25006).
          if error.isLost || error.isPassing || error.state == "25006" { connection = nil }
          guard error.isPassing, repeats, ContinuousClock.now < deadline else { throw placed(error) }
          Thread.sleep(forTimeInterval: pause * Double.random(in: 0.5...1))
          pause = min(2 * pause, 1)
        }
      }
    }

    private func placed(_ error: PostgreSQLError) -> PostgreSQLError {
      var error = error
      error.place = address.place
      return error
    }
  }
#endif
