import Foundation
import Tensor
import TestSupport
import Testing

@Suite struct SafetensorsHeaderTests {
  private func error(_ bytes: Data) throws -> Tensor.SafetensorsError? {
    try withTemporaryFolder { folder in
      let url = folder.appendingPathComponent("x.safetensors")
      try bytes.write(to: url)
      do {
        _ = try Tensor.SafetensorsFile(contentsOf: url)
        return nil
      } catch let error as Tensor.SafetensorsError { return error }
    }
  }

  private func entry(_ name: String, _ type: String, _ shape: String, _ offsets: String) -> String {
    #""\#(name)":{"dtype":"\#(type)","shape":\#(shape),"data_offsets":\#(offsets)}"#
  }

  @Test(
    arguments: [
      (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}"#, 4, "8 bytes for F32 [2]"),
      (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}"#, 4, "begin <= end"),
      (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[4]}}"#, 4, "begin <= end"),
      (#"{"a":{"dtype":"F32","shape":[1]}}"#, 4, "no data_offsets"),
      (#"{"a":{"dtype":"F32","data_offsets":[0,4]}}"#, 4, "no shape"),
      (#"{"a":{"shape":[1],"data_offsets":[0,4]}}"#, 4, "no dtype"),
      (#"{"a":{"dtype":"F31","shape":[1],"data_offsets":[0,4]}}"#, 4, "a dtype among"),
      (#"{"a":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,0]}}"#, 0, "63 bits"),
      (#"{"a":{"dtype":"F4","shape":[3],"data_offsets":[0,2]}}"#, 2, "whole bytes for F4"),
      (#"{"a":{"dtype":"F6_E3M2","shape":[4],"data_offsets":[0,4]}}"#, 4, "3 bytes for F6_E3M2 [4]"),
      (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#, 8, "begins at 0"),
      (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#, 5, "ends with the file, at 5"),
      (#"{}"#, 1, "ends with the file, at 1"),
      (
        #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[2,6]}}"#,
        6, "begins at 4"
      ),
      (
        #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#,
        4, "begins at 4"
      ),
      (
        #"{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"b":{"dtype":"U8","shape":[1],"data_offsets":[2,3]}}"#,
        3, "begins at 1"
      ),
    ])
  func `entries that cannot be are refused before a tensor is read`(header: String, dataBytes: Int, message: String)
    throws
  {
    let error = try error(safetensorsBytes(header, data: [UInt8](repeating: 0, count: dataBytes)))
    guard case .inconsistent = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect("\(error as Any)".contains(message))
  }

  @Test(
    arguments: [
      ("", 8), (" {}", 8), ("[]", 8), ("{", 9), ("{} x", 11), (#"{"a"}"#, 12), (#"{"a":1}"#, 13), (#"{a:1}"#, 9),
      (#"{"__metadata__":{},}"#, 27), (#"{"__metadata__":nul}"#, 27), (#"{"__metadata__":{"a":1}}"#, 29),
      (#"{"__metadata__":{"a":"1","a":"2"}}"#, 33), (#"{"__metadata__":{"a":"\x"}}"#, 30),
      (#"{"__metadata__":{"a":"\ud800"}}"#, 30), (#"{"__metadata__":{"a":"\ud800\u0041"}}"#, 30),
      (#"{"__metadata__":{"a":"\u00g0"}}"#, 34), ("{\"__metadata__\":{\"a\":\"\n\"}}", 30),
      (#"{"__metadata__":{"a":"x"#, 31), ("{}\0", 10), (#"{"a":{"shape":[1.0]}}"#, 23),
      (#"{"a":{"shape":[-1]}}"#, 23), (#"{"a":{"shape":[01]}}"#, 23), (#"{"a":{"shape":[9223372036854775808]}}"#, 23),
      (#"{"a":{"shape":[1,]}}"#, 25), (#"{"a":{"shape":"1"}}"#, 22), (#"{"a":{"dtype":7}}"#, 22),
      (#"{"a":{"data_offsets":[0,1,2]}}"#, 34), (#"{"a":{"dtype":"F32","dtype":"F32"}}"#, 28),
      (#"{"a":{"x":nul}}"#, 21), (#"{"a":{"x":-}}"#, 19), (#"{"a":{"x":1.}}"#, 20), (#"{"a":{"x":1e}}"#, 20),
    ])
  func `what is not the JSON of a header is refused at its byte`(header: String, byte: Int) throws {
    let error = try error(safetensorsBytes(header))
    guard case .malformed(_, byte, _, _) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
  }

  @Test
  func `a name that comes twice is refused, though most JSON readers take the last`() throws {
    let header = "{\(entry("a", "U8", "[1]", "[0,1]")),\(entry("a", "U8", "[1]", "[1,2]"))}"
    #expect("\(try error(safetensorsBytes(header, data: [1, 2])) as Any)".contains("\"a\" a second time"))
  }

  @Test
  func `text that is not UTF-8 is refused`() throws {
    var bytes = safetensorsBytes(#"{"__metadata__":{"a":"x"}}"#)
    bytes[30] = 0xff
    #expect("\(try error(bytes) as Any)".contains("UTF-8"))
  }

  @Test
  func `nesting and rank have bounds`() throws {
    let nested = String(repeating: "[", count: 100_000)
    #expect("\(try error(safetensorsBytes(#"{"a":{"x":"# + nested)) as Any)".contains("16 levels"))
    let ones = [String](repeating: "1", count: 65).joined(separator: ",")
    #expect(
      "\(try error(safetensorsBytes("{\(entry("a", "U8", "[\(ones)]", "[0,1]"))}")) as Any)".contains("at most 64"))
  }

  @Test
  func `a header longer than the format allows, or than the file, is refused before it is read`() throws {
    for length in [UInt64(100_000_001), .max, 1 << 63] {
      guard case .oversizedHeader(_, 100_000_000, length) = try error(safetensorsBytes("{}", length: length)) else {
        Issue.record("\(length)")
        continue
      }
    }
    guard case .truncated(_, 11, 10) = try error(safetensorsBytes("{}", length: 3)) else {
      Issue.record("not reported as truncated")
      return
    }
  }

  @Test
  func `a file cut off at any byte is refused, and says so`() throws {
    let header = "{\(entry("a", "F32", "[2,2]", "[0,16]")),\(entry("b", "U8", "[3]", "[16,19]"))}"
    let whole = safetensorsBytes(header, data: [UInt8](repeating: 7, count: 19))
    #expect(try error(whole) == nil)
    for length in 0..<whole.count {
      guard case .truncated(_, let expected, length) = try error(whole.prefix(length)), expected > length else {
        Issue.record("cut at \(length)")
        continue
      }
    }
  }

  @Test
  func `no single changed byte of a header crashes the reader`() throws {
    let header =
      #"{"__metadata__":{"k":"\u00e9"},"# + "\(entry("é", "F16", "[1, 2]", "[0,4]")),"
      + "\(entry("b", "I8", "[]", "[4,5]"))}"
    let whole = safetensorsBytes(header, data: [1, 2, 3, 4, 5])
    try withTemporaryFolder { folder in
      let url = folder.appendingPathComponent("x.safetensors")
      for position in 0..<(8 + header.utf8.count) {
        for byte in Array("\0\"\\{}[],:-09e \u{7f}".utf8) + [0x80, 0xc3, 0xff] {
          var bytes = whole
          bytes[position] = byte
          try bytes.write(to: url)
          guard let file = try? Tensor.SafetensorsFile(contentsOf: url) else { continue }
          for name in file.names { _ = (try? file.tensor(named: name).count, try? file.integers(named: name)) }
        }
      }
    }
  }
}
