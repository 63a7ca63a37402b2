import Foundation

/// The bytes of a safetensors file with this header, right or wrong.
///
/// - Parameters:
///   - header: JSON, used as it stands: no padding is added.
///   - data: what follows it.
///   - length: what the first eight bytes say; nil for the truth.
func safetensorsBytes(_ header: String, data: [UInt8] = [], length: UInt64? = nil) -> Data {
  let length = length ?? UInt64(header.utf8.count)
  return Data(withUnsafeBytes(of: length.littleEndian, Array.init) + Array(header.utf8) + data)
}

/// The bytes of values, one after the other.
func littleEndianBytes<T: BitwiseCopyable>(_ values: [T]) -> [UInt8] {
  values.flatMap { withUnsafeBytes(of: $0, Array.init) }
}
