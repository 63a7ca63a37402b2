package import Foundation
internal import Wording

/// Limits on what is read from a data file, looked at before memory is taken.
public struct ReadLimits: Sendable, Equatable {
  /// Largest file, in bytes. The default is 4 GiB.
  public var fileBytes: Int = 4 << 30
  /// Longest single field, in bytes of UTF-8; longer ones set their row aside. The default is 1 MiB.
  public var fieldBytes: Int = 1 << 20

  /// The defaults.
  public init() {}
}

/// The bytes of a file that is there, is a file, and is not too large.
package func readData(_ url: URL, limits: ReadLimits = ReadLimits()) throws(TeacherProtocolError) -> Data {
  let path = url.relativePath
  do {
    let values = try FileManager.default.attributesOfItem(atPath: url.resolvingSymlinksInPath().path)
    guard values[.type] as? FileAttributeType == .typeRegular else {
      throw TeacherProtocolError.cannotRead(file: path, reason: "it is not a file")
    }
    let size = (values[.size] as? NSNumber)?.intValue ?? 0
    guard size <= limits.fileBytes else {
      throw TeacherProtocolError.tooLarge(file: path, bytes: size, limit: limits.fileBytes)
    }
    return try Data(contentsOf: url)
  } catch let error as TeacherProtocolError {
    throw error
  } catch {
    let reason =
      FileManager.default.fileExists(atPath: url.path) ? FaultText.reason(of: error) : "there is no such file"
    throw .cannotRead(file: path, reason: reason)
  }
}
