import Foundation
import Tensor
import Testing

/// The whole public surface as a client sees it, through a plain import.
@Suite struct PublicAPITests {
  @Test
  func `a small regression is written, trained, saved and read with public names alone`() throws {
    var generator = Tensor.Generator(seed: 1).fork("regression")
    let inputs = Tensor.normal([64, 3], using: &generator)
    let truth = Tensor([1, -2, 0.5], shape: [3, 1])
    let targets = inputs.matmul(truth) + 0.25
    var weight = Tensor.uniform([3, 1], from: -0.1, to: 0.1, using: &generator)
    var bias = Tensor.zeros([1])
    for _ in 0..<200 {
      let (w, b) = (weight.tracked(), bias.tracked())
      let loss = (inputs.matmul(w) + b - targets).squared().mean()
      let gradients = loss.gradients(at: [w, b])
      weight.add(gradients[0], scaledBy: -0.1)
      bias.add(gradients[1], scaledBy: -0.1)
    }
    for (found, expected) in zip(weight.scalars + bias.scalars, [1, -2, 0.5, 0.25] as [Float]) {
      #expect(abs(found - expected) < 1e-3)
    }
    let url = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID().uuidString).safetensors")
    defer { try? FileManager.default.removeItem(at: url) }
    try Tensor.writeSafetensors(["weight": weight, "bias": bias], metadata: ["format": "pt"], to: url)
    let file = try Tensor.SafetensorsFile(contentsOf: url)
    #expect(file.names == ["bias", "weight"])
    #expect(file.metadata["format"] == "pt")
    #expect(file.shape(of: "weight") == [3, 1])
    #expect(file.dtype(of: "weight") == Tensor.SafetensorsFile.ElementType.float32)
    #expect(file.dtype(of: "weight")?.bitCount == 32)
    #expect(file.path == url.path)
    #expect(try file.tensor(named: "weight").isIdentical(to: weight))
    #expect(throws: Tensor.SafetensorsError.self) { try file.integers(named: "weight") }
    #expect(throws: Tensor.SafetensorsError.self) {
      let folder = try Tensor.SafetensorsFolder(contentsOf: url)
      _ = (folder.names, folder.shape(of: "a"), folder.dtype(of: "a"))
      _ = (try folder.tensor(named: "a"), try folder.integers(named: "a"), try folder.file(of: "a"))
    }
  }

  @Test
  func `the example of each type's documentation gives what it says`() {
    let x = Tensor([1, 2, 3], shape: [3]).tracked()
    let y = (x * x).sum()
    #expect(y.scalar == 14)
    #expect(y.gradients(at: [x])[0].scalars == [2, 4, 6])
    let a = Tensor([1, 2, 3, 4], shape: [2, 2])
    #expect(a.matmul(a, transposeB: true).scalars == [5, 11, 11, 25])
    let ramp = Tensor(shape: [4]) { for i in $0.indices { $0[i] = Float(i) } }
    #expect(ramp.scalars == [0, 1, 2, 3])
    let doubled = Tensor.operation(value: Tensor([2], shape: [1]), inputs: [x.rows(0..<1)]) { [$0 * 2] }
    #expect(doubled.sum().gradients(at: [x])[0].scalars == [2, 0, 0])
  }

  @Test
  func `every operation can be called from outside and keeps or changes the shape as its documentation says`() {
    let x = Tensor([0.5, 1, 2, 4, 3, 0.25], shape: [2, 3])
    let sameShape: [Tensor] = [
      -x, x + x, x - x, x * x, x / x, x + 1, 1 + x, x - 1, 1 - x, x * 2, 2 * x, x / 2, 2 / x, x.maximum(x),
      x.minimum(x),
      x.exp(), x.log(), x.squareRoot(), x.reciprocalSquareRoot(), x.reciprocal(), x.squared(), x.absolute(), x.tanh(),
      x.sigmoid(), x.logSigmoid(), x.relu(), x.silu(), x.geluTanh(), x.gelu(), x.geluQuick(), x.softmax(),
      x.logSoftmax(),
      x.tracked().detached(), Tensor([1], shape: [1]).broadcast(to: [2, 3]), x.gathered([1, 0]), x.rows(0..<2),
      x.replacingRows(at: [0], with: x.rows(1..<2)), Tensor.concatenated([x.rows(0..<1), x.rows(1..<2)]),
      x.reshaped([3, -1]).reshaped([2, 3]), Tensor.ones([2, 3]), Tensor.zeros([2, 3]),
      Tensor(repeating: 1, shape: [2, 3]),
    ]
    for (i, y) in sameShape.enumerated() { #expect(y.shape == [2, 3], "number \(i)") }
    #expect(x.transposed().shape == [3, 2])
    #expect(x.permuted([1, 0]).isIdentical(to: x.transposed()))
    #expect([x.sum(), x.mean()].allSatisfy { $0.shape == [] })
    #expect([x.sum(along: 1), x.mean(along: 1), x.maximum(along: -1)].allSatisfy { $0.shape == [2] })
    #expect(x.sum(along: 0, keepingAxis: true).shape == [1, 3])
    #expect(x.mean(along: 0, keepingAxis: true).shape == [1, 3])
    #expect(x.maximum(along: 0, keepingAxis: true).shape == [1, 3])
    #expect(x.argmax(along: 1) == [2, 0])
    #expect((x.count, x.rank, x[1, 0], x.isTracked) == (6, 2, 4, false))
    #expect(x.withScalars { $0.count } == 6)
    #expect(x.description.hasPrefix("Tensor[2, 3]"))
  }

  @Test
  func `the machine's settings are readable, and work can be put on its threads`() {
    #expect(Tensor.Compute.threads >= 1)
    #expect(Tensor.Compute.peakBytes >= Tensor.Compute.liveBytes)
    _ = Tensor.Compute.openBLASCore
    var squares = Tensor.zeros([10])
    squares.mutateScalars { out in Tensor.Compute.parallel(10) { out[$0] = Float($0 * $0) } }
    #expect(squares.scalars.last == 81)
  }

  @Test
  func `an error of a file says where, what was expected, what came and what to do`() {
    let errors: [Tensor.SafetensorsError] = [
      .unreadable(file: "f", reason: "r"), .unwritable(file: "f", reason: "r"),
      .truncated(file: "f", expectedBytes: 2, foundBytes: 1), .oversizedHeader(file: "f", limit: 1, found: 2),
      .malformed(file: "f", byte: 1, expected: "e", found: "g"),
      .inconsistent(file: "f", tensor: "t", expected: "e", found: "g"),
      .missingTensor(file: "f", tensor: "t", available: ["a", "b", "c", "d", "e"]),
      .missingTensor(file: "f", tensor: "t", available: []),
      .unsupportedType(file: "f", tensor: "t", expected: "e", found: "g"),
      .wrongShard(file: "f", tensor: "t", expected: "e", found: "g"),
    ]
    for error in errors { #expect(error.description.hasPrefix("f: ") && error.description.hasSuffix(".")) }
    #expect(errors[6].description.contains("\"d\" and 1 more"))
    #expect(Set(Tensor.SafetensorsFile.ElementType.allCases.map(\.bitCount)) == [4, 6, 8, 16, 32, 64])
  }
}
