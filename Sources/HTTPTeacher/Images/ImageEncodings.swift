public import Foundation
public import TeacherProtocol

/// Images made ready to be sent: each one is read, made smaller and encoded once for each size, whoever asks for it.
///
/// ```swift
/// let images = ImageEncodings { data, longestEdge in try smaller(data, longestEdge) }
/// let options = OpenAICompatibleTeacher.Options(model: "gpt-4o")  // .imageEdge = 1024
/// ```
///
/// This half of the package knows no pixels, so whoever makes it brings the function that makes an image smaller. What was
/// used last is kept in memory; larger sets of images are kept in a folder, so that three teachers that are not asked at
/// the same time share them as well.
public actor ImageEncodings {
  /// Makes an encoded image's longer edge at most so long, in pixels; nil where it is short enough as it is.
  public typealias Resize = @Sendable (_ image: Data, _ longestEdge: Int) throws -> Data?

  private struct Key: Hashable {
    let digest: String
    let edge: Int?
  }

  private let resize: Resize?
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
  ///   - folder: where images that were made smaller are kept; nil for nowhere.
  ///   - resize: makes images smaller; without it they are sent as they are.
  public init(maximumBytes: Int = 64 << 20, folder: URL? = nil, resize: Resize? = nil) {
    self.maximumBytes = maximumBytes
    self.folder = folder
    self.resize = resize
  }

  /// An image as it is to be sent.
  ///
  /// - Parameter longestEdge: in pixels; nil for the image as it is.
  /// - Throws: ``HTTPTeacherError/badImage(file:reason:)``.
  public func encoded(_ image: ImageReference, longestEdge: Int?) async throws -> EncodedImage {
    let edge = resize == nil ? nil : longestEdge
    // A reference made by hand may have no digest.
    let key = Key(digest: image.digest.isEmpty ? image.url.path : image.digest, edge: edge)
    if let known = kept[key] { return try await known.value }
    let (resize, folder) = (resize, folder)
    // Not in this actor: encoding is work, and others wait for images that are ready.
    let task = Task.detached { try Self.encode(image, edge: edge, resize: resize, folder: folder) }
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
    _ image: ImageReference, edge: Int?, resize: Resize?, folder: URL?
  ) throws -> EncodedImage {
    let file = image.url.relativePath
    let place = image.digest.isEmpty ? nil : edge.flatMap { folder?.appendingPathComponent("\(image.digest)-\($0)") }
    if let place, let data = try? Data(contentsOf: place), let ready = EncodedImage(data) { return ready }
    guard let data = try? Data(contentsOf: image.url) else {
      throw HTTPTeacherError.badImage(file: file, reason: "it can't be read")
    }
    var smaller: Data?
    if let edge, let resize {
      do {
        smaller = try resize(data, edge)
      } catch {
        throw HTTPTeacherError.badImage(file: file, reason: "\(error)")
      }
    }
    guard let encoded = EncodedImage(smaller ?? data) else {
      throw HTTPTeacherError.badImage(file: file, reason: "it is none of PNG, JPEG, GIF, WebP")
    }
    if let place, let smaller {
      // Only a saving: where the folder can't be written, the image is made smaller again another time.
      try? FileManager.default.createDirectory(
        at: place.deletingLastPathComponent(), withIntermediateDirectories: true)
      try? smaller.write(to: place, options: .atomic)
    }
    return encoded
  }
}
