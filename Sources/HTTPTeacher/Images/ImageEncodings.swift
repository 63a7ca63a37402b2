public import Foundation
internal import JSON
package import TeacherProtocol

/// Images made ready to be sent: each one is read, prepared and encoded once for each size, whichever teacher is asked.
///
/// ```swift
/// let images = ImageEncodings(folder: folder) { data, longestEdge in
///   let image = try ImageDecoder().decode([UInt8](data))
///   let edge = max(image.width, image.height)
///   guard let longestEdge, edge > longestEdge else { return nil }
///   return Data(
///     try image.resized(width: image.width * longestEdge / edge, height: image.height * longestEdge / edge).pngData())
/// }
/// ```
///
/// This half of the package knows no pixels, so its maker brings the function that prepares an image: makes it smaller,
/// and turns it upright and lays it over white, which services do or don't. What was used last is kept in memory; larger sets of images are kept in a folder, so that three teachers that are not asked at
/// the same time share them as well.
public actor ImageEncodings {
  /// Makes of an image file one whose longer edge is at most so long, in pixels, nil for any length, and which shows the
  /// same picture everywhere; nil where it is that already.
  public typealias Prepare = @Sendable (_ image: Data, _ longestEdge: Int?) throws -> Data?

  private struct Key: Hashable {
    let digest: String
    let edge: Int?
  }

  private let prepare: Prepare?
  private let folder: URL?
  private let maximumBytes: Int
  private var kept: [Key: Task<EncodedImage, any Error>] = [:]
  private var bytes: [Key: Int] = [:]
  private var order: [Key] = []
  private var total = 0

  /// Encodings.
  ///
  /// - Parameters:
  ///   - maximumBytes: how many bytes are kept in memory. The default is 64 MiB.
  ///   - folder: where images that were written anew are kept; nil for nowhere.
  ///   - prepare: makes images ready; without it they are sent as they are.
  public init(maximumBytes: Int = 64 << 20, folder: URL? = nil, prepare: Prepare? = nil) {
    self.maximumBytes = maximumBytes
    self.folder = folder
    self.prepare = prepare
  }

  /// An image as it is to be sent.
  ///
  /// - Parameter longestEdge: in pixels; nil for any length.
  /// - Throws: ``HTTPTeacherError/badImage(file:reason:)``.
  package func encoded(_ image: ImageReference, longestEdge: Int?) async throws -> EncodedImage {
    let edge = prepare == nil ? nil : longestEdge
    // A reference made by hand may have no digest.
    let key = Key(digest: image.digest.isEmpty ? image.url.path : image.digest, edge: edge)
    if let known = kept[key] { return try await known.value }
    let (prepare, folder) = (prepare, folder)
    // Not in this actor: encoding is work, and others wait for images that are ready.
    let task = Task.detached { try Self.encode(image, edge: edge, prepare: prepare, folder: folder) }
    kept[key] = task
    do {
      let encoded = try await task.value
      keep(key, bytes: encoded.base64.utf8.count)
      return encoded
    } catch {
      kept[key] = nil
      throw error
    }
  }

  private func keep(_ key: Key, bytes count: Int) {
    order.append(key)
    bytes[key] = count
    total += count
    while total > maximumBytes, order.count > 1 {
      let oldest = order.removeFirst()
      kept[oldest] = nil
      total -= bytes.removeValue(forKey: oldest) ?? 0
    }
  }

  private static func encode(
    _ image: ImageReference, edge: Int?, prepare: Prepare?, folder: URL?
  ) throws -> EncodedImage {
    let file = image.url.relativePath
    // Files without "plain" in their name are of an earlier version, which left photos lying.
    let place =
      image.digest.isEmpty
      ? nil : folder?.appendingPathComponent("\(image.digest)-\(edge.map(String.init) ?? "full")-plain")
    if let place, let data = try? readRegularFile(place), let ready = EncodedImage(data) { return ready }
    let data: Data
    do {
      data = try readRegularFile(image.url, limit: ImageReference.maximumBytes)
    } catch {
      throw HTTPTeacherError.badImage(file: file, reason: "it can't be read: \(error.localizedDescription)")
    }
    var prepared: Data?
    if let prepare {
      do {
        prepared = try prepare(data, edge)
      } catch {
        throw HTTPTeacherError.badImage(file: file, reason: "\(error)")
      }
    }
    guard let encoded = EncodedImage(prepared ?? data) else {
      throw HTTPTeacherError.badImage(file: file, reason: "it is none of PNG, JPEG, GIF, WebP")
    }
    if let place, let prepared {
      // Only a saving: where the folder can't be written, the image is prepared again another time.
      try? OwnerOnly.makeFolder(place.deletingLastPathComponent())
      try? OwnerOnly.write(prepared, to: place)
    }
    return encoded
  }
}
