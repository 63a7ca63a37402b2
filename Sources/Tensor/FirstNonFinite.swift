internal import CKernels

extension Tensor {
  /// The first element that is no finite number, counted row by row, and its value; nil where all are. Elements are looked at as
  /// they are stored, and none are converted for it.
  package var firstNonFinite: (element: Int, value: String)? {
    guard let place = storage.firstNonFinite else { return nil }
    let element = storage.element(place)
    // One that was narrower than Float32 would be written with bits of its own: -nan(0x1f0000).
    return (place, element.isNaN ? "nan" : "\(element)")
  }
}

extension Storage {
  fileprivate var firstNonFinite: Int? {
    if let compact { return compact.firstNonFinite }
    return Self.first(in: count) {
      sd_first_nonfinite(SD_FLOAT32, UnsafeRawPointer(pointer + $0.lowerBound), $0.count)
    }
  }

  fileprivate func element(_ place: Int) -> Float {
    guard let compact else { return pointer[place] }
    return compact.element(place)
  }

  /// The first place that is found in parts of a range, which are looked through on all threads.
  ///
  /// - Parameter find: the place in a part, or its length where there is none.
  fileprivate static func first(in count: Int, _ find: (Range<Int>) -> Int) -> Int? {
    // Of whole blocks of every packing.
    let part = 1 << 20
    let parts = (count + part - 1) / part
    let places = [Int](unsafeUninitializedCapacity: parts) { places, filled in
      filled = parts
      let slots = Slots(pointer: places.baseAddress)
      Tensor.Compute.parallel(parts) { number in
        let range = (number * part)..<min(count, (number + 1) * part)
        let place = find(range)
        slots.pointer?[number] = place < range.count ? range.lowerBound + place : count
      }
    }
    return places.first { $0 < count }
  }

  private struct Slots: @unchecked Sendable {
    let pointer: UnsafeMutablePointer<Int>?
  }
}

extension CompactStorage {
  fileprivate var firstNonFinite: Int? {
    if let packing, let (blocks, _) = stored {
      let (each, bytes) = (sd_gguf_elements(packing), sd_gguf_bytes(packing))
      let found = Storage.first(in: count) { range in
        let from = blocks + range.lowerBound / each * bytes
        return sd_gguf_first_nonfinite(packing, from, range.count / each) * each
      }
      // The scale is shared; what comes of it and a number of 0 may be one.
      return found.flatMap { block in (block..<(block + each)).first { !element($0).isFinite } }
    }
    if let (words, type) = stored, type == SD_BFLOAT16 || type == SD_FLOAT16 {
      return Storage.first(in: count) { range in
        sd_first_nonfinite(type, words + range.lowerBound * MemoryLayout<UInt16>.stride, range.count)
      }
    }
    if let rows {
      let found = Storage.first(in: rows.numbers.count * rows.width) {
        sd_first_nonfinite(SD_FLOAT32, UnsafeRawPointer(rows.elements + $0.lowerBound), $0.count)
      }
      return found.map { Int(rows.numbers[$0 / rows.width]) * rows.width + $0 % rows.width }
    }
    // Zeros, or numbers of 8 bits that were made here.
    guard stored != nil else { return nil }
    return Storage.first(in: count) { range in
      withUnsafeTemporaryAllocation(of: Float.self, capacity: range.count) { part in
        guard let base = part.baseAddress else { return range.count }
        convert(from: range.lowerBound, count: range.count, to: base)
        return sd_first_nonfinite(SD_FLOAT32, base, range.count)
      }
    }
  }

  fileprivate func element(_ place: Int) -> Float {
    var element: Float = 0
    convert(from: place, count: 1, to: &element)
    return element
  }
}
